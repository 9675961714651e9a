#include <ember/core/file.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>

namespace ember::detail {
namespace {

std::string start_of_paths() {
  std::error_code unknown;
  const std::string folder = std::filesystem::current_path(unknown).string();
  return folder.empty() ? "" : ", which begins at " + folder;
}

enum class Access { read, write };

std::string remedy_of(int reason, const std::string& file, Access access) {
  switch (reason) {
    case ENOENT:
      if (access == Access::write) return "make its folder first";
      return "look at its path" + (file.starts_with('/') ? "" : start_of_paths());
    case ENOTDIR:
      return "a part of its path is no folder";
    case EISDIR:
      return "name a file in it";
    case EACCES:
    case EPERM:
    case EROFS:
      return "look at its permissions and its folder's";
    case ENOSPC:
    case EDQUOT:
      return "make room, or save it elsewhere";
    default:
      return "";
  }
}

[[noreturn]] void fail_with_errno(const std::string& file, const char* what, Access access) {
  const int reason = errno;
  fail("file '" + file + "'", std::string(what) + ": " + std::strerror(reason),
       remedy_of(reason, file, access));
}

// A device or a pipe: a file in its place would take it away from everybody.
bool is_special(const std::string& file) {
  struct stat info;
  return stat(file.c_str(), &info) == 0 && !S_ISREG(info.st_mode);
}

// False, with errno, where not all can be written.
bool write_all(int handle, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(handle, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string read_file(const std::string& file) {
  struct Handle {
    int number;
    ~Handle() { close(number); }
  };
  const int number = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) fail_with_errno(file, "can't be opened", Access::read);
  const Handle handle{number};
  std::string text;
  std::vector<char> block(std::size_t{1} << 16U);
  while (true) {
    const ssize_t n = read(handle.number, block.data(), block.size());
    if (n == 0) return text;
    if (n < 0 && errno != EINTR) fail_with_errno(file, "can't be read", Access::read);
    if (n > 0) text.append(block.data(), static_cast<std::size_t>(n));
  }
}

void needs_more_memory(const std::string& file) {
  fail("file '" + file + "'", "reading it needs more memory than there is");
}

JsonFile::JsonFile(const std::string& file) {
  reading(file, [&] {
    document_ = std::make_unique<nlohmann::json>();
    *document_ = parse_json(read_file(file));
  });
}

JsonFile::~JsonFile() { take_apart(*document_); }

void write_json_file(const std::string& file, const nlohmann::json& content) {
  std::string text;
  try {
    text = content.dump() + "\n";
  } catch (const nlohmann::json::exception& error) {
    fail("file '" + file + "'", std::string("can't be written: ") + error.what(),
         "names are UTF-8");
  }
  write_file(file, text);
}

namespace {

constexpr const char* kTemporary = ".ember-tmp";

int lock(int handle) { return flock(handle, LOCK_EX | LOCK_NB); }

bool has_name(int handle, const std::string& name) {
  struct stat opened {};
  struct stat named {};
  return fstat(handle, &opened) == 0 && lstat(name.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

// Whoever writes a temporary file holds its lock, which ends with the process.
void remove_stale(const std::string& name) {
  const int handle = open(name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (handle < 0) return;
  if (lock(handle) == 0 && has_name(handle, name)) unlink(name.c_str());
  close(handle);
}

// Removes what saves to this path have left that were killed.
void remove_all_stale(const std::filesystem::path& file) {
  const std::string begin = file.filename().string() + kTemporary;
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().starts_with(begin)) remove_stale(entry->path());
  }
}

// Where a path leads: a name beside a link would take the link's place.
std::string target_of(const std::string& file) {
  constexpr int kMostLinks = 40;  // as many as Linux follows
  std::filesystem::path target = file;
  std::error_code unknown;
  for (int links = 0; std::filesystem::is_symlink(target, unknown); ++links) {
    if (links == kMostLinks) {
      errno = ELOOP;
      fail_with_errno(file, "can't be written", Access::write);
    }
    target = target.parent_path() / std::filesystem::read_symlink(target, unknown);
  }
  return target.string();
}

struct Temporary {
  std::string name;
  int handle;
};

// Under a name that no other thread or process has.
Temporary open_temporary(const std::string& file, mode_t mode) {
  static std::atomic<unsigned> saved{0};
  while (true) {
    const std::string name =
        file + kTemporary + std::to_string(getpid()) + "." + std::to_string(saved++);
    const int handle = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (handle < 0 && errno == EEXIST) continue;
    if (handle < 0) fail_with_errno(file, "can't be written", Access::write);
    // somebody may have taken it for a stale one before it was locked; where there are no locks,
    // nobody does
    const bool is_locked = lock(handle) == 0 || errno != EWOULDBLOCK;
    if (is_locked && has_name(handle, name)) return {name, handle};
    close(handle);
  }
}

}  // namespace

void write_file(const std::string& file, const std::string& text) {
  if (is_special(file)) {
    const int handle = open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (handle < 0) fail_with_errno(file, "can't be written", Access::write);
    const bool good = write_all(handle, text);
    if (close(handle) == 0 && good) return;
    fail_with_errno(file, "can't be written", Access::write);
  }
  const std::string target = target_of(file);
  remove_all_stale(target);
  struct stat old {};
  const bool is_there = stat(target.c_str(), &old) == 0;
  const auto [name, handle] = open_temporary(target, is_there ? old.st_mode & 0777U : 0644U);
  // what the process takes away from the modes of new files, an old one may have; where modes can't
  // be changed, less is allowed
  if (is_there) static_cast<void>(fchmod(handle, old.st_mode & 0777U));
  // closed after it has its name: until then its lock tells that it is being written
  const bool good = write_all(handle, text) && fsync(handle) == 0 &&
                    std::rename(name.c_str(), target.c_str()) == 0;
  const int reason = errno;
  if (!good) std::remove(name.c_str());
  close(handle);
  errno = reason;
  if (!good) fail_with_errno(file, "can't be written", Access::write);
}

}  // namespace ember::detail
