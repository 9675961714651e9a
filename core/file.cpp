#include <ember/core/file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>

namespace ember::detail {
namespace {

[[noreturn]] void fail_with_errno(const std::string& file, const char* what) {
  fail("file '" + file + "'", std::string(what) + ": " + std::strerror(errno));
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
  if (number < 0) fail_with_errno(file, "can't be opened");
  const Handle handle{number};
  std::string text;
  std::vector<char> block(std::size_t{1} << 16U);
  while (true) {
    const ssize_t n = read(handle.number, block.data(), block.size());
    if (n == 0) return text;
    if (n < 0 && errno != EINTR) fail_with_errno(file, "can't be read");
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
  if (is_special(file)) {
    const int handle = open(file.c_str(), O_WRONLY | O_CLOEXEC);
    if (handle < 0) fail_with_errno(file, "can't be written");
    const bool good = write_all(handle, text);
    if (close(handle) == 0 && good) return;
    fail_with_errno(file, "can't be written");
  }
  // a name of its own for each thread that saves
  static std::atomic<unsigned> saved{0};
  const std::string temporary =
      file + ".tmp" + std::to_string(getpid()) + "." + std::to_string(saved++);
  const int handle = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (handle < 0) fail_with_errno(file, "can't be written");
  bool good = write_all(handle, text) && fsync(handle) == 0;
  good = close(handle) == 0 && good;
  if (good && std::rename(temporary.c_str(), file.c_str()) == 0) return;
  const int reason = errno;
  std::remove(temporary.c_str());
  errno = reason;
  fail_with_errno(file, "can't be written");
}

}  // namespace ember::detail
