#include "fuzz.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace fuzz {
namespace {

// Removed when the process ends by itself.
struct Folder {
  std::filesystem::path path;

  Folder() {
    const std::filesystem::path memory = "/dev/shm";
    path = access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    path /= "ember-fuzz" + std::to_string(getpid());
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

std::string file(const char* name) {
  static const Folder folder;
  return (folder.path / name).string();
}

std::string file_of(const char* name, const std::uint8_t* data, std::size_t size) {
  std::string path = file(name);
  std::FILE* out = std::fopen(path.c_str(), "wb");
  require(out != nullptr, "no room for the input");
  require(size == 0 || std::fwrite(data, 1, size, out) == size, "no room for the input");
  std::fclose(out);
  return path;
}

void require(bool good, std::string_view what) {
  if (good) return;
  std::fprintf(stderr, "finding: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void require_same(const std::string& a, const std::string& b, std::string_view what) {
  if (a == b) return;
  std::fprintf(stderr, "first:  %.3000s\nsecond: %.3000s\n", a.c_str(), b.c_str());
  require(false, what);
}

void require_same(const ember::Tensor& a, const ember::Tensor& b, std::string_view what) {
  require(a.shape() == b.shape(), what);
  for (std::size_t i = 0; i < a.data().size(); ++i) {
    const ember::Real x = a.data()[i];
    const ember::Real y = b.data()[i];
    require((x != x && y != y) || std::memcmp(&x, &y, sizeof x) == 0, what);
  }
}

}  // namespace fuzz
