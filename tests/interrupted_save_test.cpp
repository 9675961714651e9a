// Saving that is cut short: killed at any moment, or out of room, it leaves a whole file behind.
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include <ember/core/json.hpp>
#include <ember/core/npy.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace infer = ember::inference;

namespace {

class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("ember" + std::to_string(getpid()) + ".saves")) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return (path_ / name).string(); }
  std::ptrdiff_t files() const {
    return std::distance(std::filesystem::directory_iterator(path_), {});
  }

 private:
  std::filesystem::path path_;
};

// Runs f in a child that ends with its result.
template <class F>
pid_t child(F&& f) {
  const pid_t pid = fork();
  if (pid == 0) _exit(f());
  return pid;
}

int result_of(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What ember saves: each kind of file with n numbers, which differ from version to version.
struct Kind {
  const char* name;
  void (*save)(const std::string& file, Real version, Index n);
};

Trace trace_of(Real version, Index n) {
  return handlers::trace([&] { deterministic("x", full({n}, version + Real(0.123456789))); })
      .get_trace();
}

void set_params(Real version, Index n) {
  param_store().clear();
  param_store().set("x", full({n}, version + Real(0.123456789)));
}

const Kind kKinds[] = {
    {"params",
     [](const std::string& file, Real version, Index n) {
       set_params(version, n);
       param_store().save(file);
     }},
    {"trace",
     [](const std::string& file, Real version, Index n) { trace_of(version, n).save(file); }},
    {"checkpoint",
     [](const std::string& file, Real version, Index n) {
       set_params(version, n);
       infer::SVI([] {}, [] {}, infer::Adam({.lr = 0.01})).save(file);
     }},
    {"fit",
     [](const std::string& file, Real version, Index n) {
       infer::Fit{.losses = std::vector<Real>(static_cast<std::size_t>(n), version + Real(0.1234))}
           .save(file);
     }},
    {"report",
     [](const std::string& file, Real version, Index n) {
       const Values draws{{"x", full({2, n}, version)}};
       infer::save_report(file, trace_of(version, n),
                          {.draws = draws, .title = std::to_string(version)});
     }},
    {"draws",
     [](const std::string& file, Real version, Index n) {
       save_draws(file, {{"x", full({2, n}, version + Real(0.123456789))}});
     }},
    {"npy",
     [](const std::string& file, Real version, Index n) { save_npy(file, full({n}, version)); }},
};

std::string text_of(const Kind& kind, const std::string& file, Real version, Index n) {
  kind.save(file, version, n);
  return detail::read_file(file);
}

}  // namespace

TEST_CASE("a save that is killed leaves one of the whole versions") {
  constexpr Index kNumbers = 5000;
  std::mt19937 random(8);
  for (const Kind& kind : kKinds) {
    INFO(kind.name);
    const Folder folder;
    const std::string file = folder.file(kind.name);
    std::vector<std::string> versions;
    for (int version = 9; version >= 0; --version) {
      versions.push_back(text_of(kind, file, static_cast<Real>(version), kNumbers));
    }
    const auto begin = std::chrono::steady_clock::now();
    kind.save(file, 0, kNumbers);
    const std::chrono::duration<double> of_one = std::chrono::steady_clock::now() - begin;
    std::uniform_real_distribution<double> saves(0, 10);
    int seen_changed = 0;
    for (int i = 0; i < 15; ++i) {
      const pid_t pid = child([&] {
        for (int version = 0;; version = (version + 1) % 10) {
          kind.save(file, static_cast<Real>(version), kNumbers);
        }
        return 0;
      });
      // Every other one is not killed before it has replaced the file: on a busy machine none would
      // have come so far.
      for (int k = 0; i % 2 == 0 && k < 10'000; ++k) {
        if (detail::read_file(file) != versions.back()) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      std::this_thread::sleep_for(of_one * saves(random));
      kill(pid, SIGKILL);
      CHECK(result_of(pid) == -1);
      const std::string found = detail::read_file(file);
      CHECK(std::find(versions.begin(), versions.end(), found) != versions.end());
      seen_changed += found != versions.back() ? 1 : 0;
    }
    CHECK(seen_changed > 0);
    // The next save is not disturbed by what the killed ones left, and removes it.
    CHECK(text_of(kind, file, 0, kNumbers) == versions.back());
    CHECK(folder.files() == 1);
  }
  param_store().clear();
}

TEST_CASE("processes that save to one path at once leave a whole version, and nothing beside") {
  const Folder folder;
  const std::string file = folder.file("x");
  const auto version = [](int k) { return std::string(100000, static_cast<char>('a' + k)); };
  std::mt19937 random(9);
  for (int round = 0; round < 10; ++round) {
    std::vector<pid_t> savers;
    for (int k = 0; k < 12; ++k) {
      savers.push_back(child([&] {
        for (int i = 0; i < 20; ++i) detail::write_file(file, version(k));
        return 0;
      }));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 20));
    for (std::size_t k = 0; k < 4; ++k) kill(savers[k], SIGKILL);
    for (std::size_t k = 0; k < savers.size(); ++k) {
      const int result = result_of(savers[k]);
      CHECK((result == 0 || (k < 4 && result == -1)));
    }
    const std::string found = detail::read_file(file);
    CHECK(found == version(found.at(0) - 'a'));
    detail::write_file(file, version(0));
    CHECK(folder.files() == 1);
  }
}

TEST_CASE("a temporary file is removed where its process has ended, and not where it writes") {
  const Folder folder;
  const std::string file = folder.file("x");
  const std::string temporary = file + ".ember-tmp0";
  const auto write = [](const std::string& path, const char* text) { std::ofstream(path) << text; };
  write(temporary, "left behind");
  write(file + ".ember-tmp5", "left behind");
  detail::write_file(file, "saved");
  CHECK(detail::read_file(file) == "saved");
  CHECK(folder.files() == 1);

  const int writer = open(temporary.c_str(), O_WRONLY | O_CREAT, 0644);
  REQUIRE(flock(writer, LOCK_EX) == 0);
  write(temporary, "being written");
  detail::write_file(file, "saved again");
  CHECK(detail::read_file(file) == "saved again");
  CHECK(detail::read_file(temporary) == "being written");
  close(writer);
  detail::write_file(file, "saved");
  CHECK(folder.files() == 1);
}

namespace {

// 0 where a large save into a folder fails for this reason, and leaves a small one as it was.
int check_without_room(const Folder& folder, Index n, const char* reason) {
  for (const Kind& kind : kKinds) {
    const std::string file = folder.file(kind.name);
    const std::string before = detail::read_file(file);
    const std::string error = error_of([&] { kind.save(file, 2, n); });
    const bool is_named = has(error, file.c_str()) && has(error, reason);
    if (!is_named || detail::read_file(file) != before) {
      std::fprintf(stderr, "%s: %s\n", kind.name, error.c_str());
      return 1;
    }
  }
  return folder.files() == std::ssize(kKinds) ? 0 : 2;
}

}  // namespace

TEST_CASE("a save without room is an error with the reason, and the old file is whole") {
  const Folder folder;
  for (const Kind& kind : kKinds) kind.save(folder.file(kind.name), 1, 3);
  const int result = result_of(child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit most{5000, 5000};
    setrlimit(RLIMIT_FSIZE, &most);
    return check_without_room(folder, 5000, "File too large");
  }));
  CHECK(result == 0);
}

TEST_CASE("so is a save on a disk that is full") {
  constexpr int kNotAllowed = 77;
  const Folder folder;
  const int result = result_of(child([&] {
    // a disk of our own, which nobody else sees
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return kNotAllowed;
    mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (mount("tmpfs", folder.file("").c_str(), "tmpfs", 0, "size=1m") != 0) return kNotAllowed;
    for (const Kind& kind : kKinds) kind.save(folder.file(kind.name), 1, 3);
    const std::string rest = folder.file("rest");
    for (std::size_t size = 1U << 20U; size > 1000; size /= 2) {
      error_of([&] { detail::write_file(rest + std::to_string(size), std::string(size, 'x')); });
    }
    const int failed = check_without_room(folder, 5000, "No space left");
    return failed == 2 ? 0 : failed;  // what fills the disk lies there too
  }));
  if (result == kNotAllowed) {
    WARN("mounting a small disk is not allowed here");
    return;
  }
  CHECK(result == 0);
}

TEST_CASE("what can't be read or written is an error with the reason") {
  const Folder folder;
  const std::string file = folder.file("trace");
  CHECK(has(error_of([&] { Trace::load(folder.file("")); }), "Is a directory"));
  CHECK(has(error_of([&] { Trace::load(file); }), "No such file"));
  CHECK(has(error_of([&] { param_store().save(folder.file("no/folder")); }), "No such file"));
  param_store().clear();
  param_store().set("\xff", full({}, 1));
  CHECK(has(error_of([&] { param_store().save(file); }), "UTF-8"));
  CHECK(folder.files() == 0);
  param_store().clear();
}

TEST_CASE("what is no file is written to, and stays what it is") {
  const Folder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = open(pipe.c_str(), O_RDWR | O_NONBLOCK);
  REQUIRE(reader >= 0);
  detail::write_file(pipe, "what a reader waits for");
  std::string text(100, ' ');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(read(reader, text.data(), 100), 0)));
  close(reader);
  CHECK(text == "what a reader waits for");
  CHECK(std::filesystem::is_fifo(pipe));
  CHECK(folder.files() == 1);
  CHECK(has(error_of([&] { detail::write_file(folder.file(""), "x"); }), "Is a directory"));
}

TEST_CASE("a file keeps its mode, and a link stays a link") {
  const Folder folder;
  const std::string file = folder.file("secret"), link = folder.file("link"),
                    far = folder.file("far");
  const auto mode = [&](const std::string& name) {
    struct stat info {};
    REQUIRE(stat(name.c_str(), &info) == 0);
    return info.st_mode & 0777U;
  };
  const mode_t mask = umask(027);
  detail::write_file(file, "first");
  CHECK(mode(file) == 0640);
  for (const mode_t wanted : {0600U, 0666U}) {
    REQUIRE(chmod(file.c_str(), wanted) == 0);
    detail::write_file(file, "second");
    CHECK(mode(file) == wanted);
  }
  umask(mask);
  std::filesystem::create_symlink("secret", link);
  std::filesystem::create_symlink(link, far);
  detail::write_file(far, "through links");
  CHECK(detail::read_file(file) == "through links");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(std::filesystem::is_symlink(far));
  CHECK(mode(file) == 0666);
  std::filesystem::remove(file);
  detail::write_file(link, "where nothing was");
  CHECK(detail::read_file(file) == "where nothing was");
  CHECK(folder.files() == 3);
  std::filesystem::remove(link);
  std::filesystem::create_symlink("far", link);  // in a circle
  check_error([&] { detail::write_file(link, "x"); }, {"can't be written", "symbolic links"});
}
