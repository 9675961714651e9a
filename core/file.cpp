#include <ember/core/file.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
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

void write_file(const std::string& file, const std::string& text) {
  // a name of its own for each thread that saves
  static std::atomic<unsigned> saved{0};
  const std::string temporary =
      file + ".tmp" + std::to_string(getpid()) + "." + std::to_string(saved++);
  const int handle = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (handle < 0) fail_with_errno(file, "can't be written", Access::write);
  const char* at = text.data();
  std::size_t left = text.size();
  bool good = true;
  while (left > 0 && good) {
    const ssize_t written = write(handle, at, left);
    good = written >= 0 || errno == EINTR;
    if (written > 0) {
      at += written;
      left -= static_cast<std::size_t>(written);
    }
  }
  good = good && fsync(handle) == 0;
  good = close(handle) == 0 && good;
  if (good && std::rename(temporary.c_str(), file.c_str()) == 0) return;
  const int reason = errno;
  std::remove(temporary.c_str());
  errno = reason;
  fail_with_errno(file, "can't be written", Access::write);
}

}  // namespace ember::detail
