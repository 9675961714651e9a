// Reading and writing of whole files.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>

namespace ember::detail {
namespace {

[[noreturn]] void fail_with_errno(const std::string& file, const char* what) {
  fail("file '" + file + "'", std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

std::string read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) fail_with_errno(file, "can't be opened");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) fail_with_errno(file, "can't be read");
  return text.str();
}

nlohmann::json read_json_file(const std::string& file) {
  const std::string text = read_file(file);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    fail("file '" + file + "'", std::string("is no valid JSON: ") + error.what());
  }
}

void write_file(const std::string& file, const std::string& text) {
  const std::string temporary = file + ".tmp" + std::to_string(getpid());
  const int handle = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (handle < 0) fail_with_errno(file, "can't be written");
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
  fail_with_errno(file, "can't be written");
}

}  // namespace ember::detail
