// Saving that is cut short: killed at any moment, or out of room, it leaves a whole file behind.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <string>
#include <thread>

#include <ember/core/json.hpp>
#include <ember/core/npy.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;

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

void set_params(Real version) {
  param_store().clear();
  param_store().set("version", full({}, version));
  param_store().set("large", full({20000}, version + Real(0.123456789)));
}

}  // namespace

TEST_CASE("a save that is killed leaves one of the whole versions") {
  const Folder folder;
  const std::string file = folder.file("params");
  set_params(0);
  param_store().save(file);
  std::mt19937 random(8);
  int seen_changed = 0;
  for (int i = 0; i < 50; ++i) {
    const pid_t pid = child([&] {
      for (int version = 0;; version = (version + 1) % 10) {
        set_params(static_cast<Real>(version));
        param_store().save(file);
      }
      return 0;
    });
    std::this_thread::sleep_for(std::chrono::microseconds(2000 + random() % 40000));
    kill(pid, SIGKILL);
    CHECK(result_of(pid) == -1);
    param_store().clear();
    param_store().load(file);
    const Real version = param_store().get("version").item();
    const Tensor large = param_store().get("large");
    CHECK(same_bits(large, full({20000}, version + Real(0.123456789))));
    seen_changed += version != 0 ? 1 : 0;
  }
  CHECK(seen_changed > 0);
  // What the killed ones left lies beside, and the next save is not disturbed.
  set_params(77);
  param_store().save(file);
  param_store().load(file);
  CHECK(param_store().get("version").item() == 77);
}

TEST_CASE("a save without room is an error with the reason, and the old file is whole") {
  const Folder folder;
  const std::string file = folder.file("params");
  const std::string array = folder.file("array.npy");
  set_params(1);
  param_store().save(file);
  save_npy(array, zeros({3}));
  const std::string before = detail::read_file(file);
  const std::string array_before = detail::read_file(array);
  const int result = result_of(child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit most{5000, 5000};
    setrlimit(RLIMIT_FSIZE, &most);
    set_params(2);
    const auto is_named = [](const std::string& error, const std::string& where) {
      return has(error, where.c_str()) && has(error, "File too large");
    };
    if (!is_named(error_of([&] { param_store().save(file); }), file)) return 1;
    if (!is_named(error_of([&] { save_npy(array, zeros({5000})); }), array)) return 2;
    return 0;
  }));
  CHECK(result == 0);
  CHECK(detail::read_file(file) == before);
  CHECK(detail::read_file(array) == array_before);
  CHECK(folder.files() == 2);
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
