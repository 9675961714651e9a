// .npy files: against bytes as NumPy writes them, there and back, and damaged in many ways.
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include <ember/core/error.hpp>
#include <ember/core/npy.hpp>
#include <ember/core/operators.hpp>

#include "catch.hpp"

using namespace ember;

namespace {

const char* const kFile = "npy_test.npy";

std::string header(const std::string& dictionary) {
  std::string text("\x93NUMPY\x01\x00", 8);
  std::string padded = dictionary;
  padded.append(63 - (10 + padded.size()) % 64, ' ');
  padded += '\n';
  text += static_cast<char>(padded.size() & 0xFFU);
  text += static_cast<char>(padded.size() >> 8U);
  return text + padded;
}

template <class T>
std::string bytes_of(std::initializer_list<T> values, bool swapped = false) {
  std::string bytes;
  for (T value : values) {
    std::string raw(sizeof(T), '\0');
    std::memcpy(raw.data(), &value, sizeof(T));
    if (swapped) raw.assign(raw.rbegin(), raw.rend());
    bytes += raw;
  }
  return bytes;
}

Tensor loaded(const std::string& text) {
  std::ofstream(kFile, std::ios::binary) << text;
  return load_npy(kFile);
}

std::vector<double> flat(const Tensor& x) { return {x.data().begin(), x.data().end()}; }

std::string dictionary(const char* type, bool fortran, const char* shape) {
  return std::string("{'descr': '") + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("a saved tensor comes back as the same bits") {
  const Real inf = std::numeric_limits<Real>::infinity();
  const std::vector<Tensor> tensors{tensor({1.5, -0.0, 1e-300}), Tensor(3.25), zeros({2, 0, 3}),
                                    tensor({{1, 2, 3}, {4, 5, 6}}), tensor_of({inf, -inf}, {2, 1})};
  for (const Tensor& x : tensors) {
    save_npy(kFile, x);
    const Tensor y = load_npy(kFile);
    REQUIRE(y.shape() == x.shape());
    CHECK(std::memcmp(x.data().data(), y.data().data(), x.data().size_bytes()) == 0);
  }
}

TEST_CASE("what is saved is what numpy.save writes") {
  save_npy(kFile, tensor({{1, 2}}));
  std::ifstream in(kFile, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const char* type = sizeof(Real) == 8 ? "<f8" : "<f4";
  CHECK(text.str() ==
        header(dictionary(type, false, "(1, 2)")) + bytes_of<Real>({Real{1}, Real{2}}));
}

TEST_CASE("numbers of all types, in both byte orders and both orders of axes") {
  CHECK(flat(loaded(header(dictionary("<f8", false, "(2,)")) + bytes_of<double>({0.5, -2}))) ==
        std::vector<double>{0.5, -2});
  CHECK(flat(loaded(header(dictionary(">f8", false, "(2,)")) +
                    bytes_of<double>({0.5, -2}, true))) == std::vector<double>{0.5, -2});
  CHECK(flat(loaded(header(dictionary("<f4", false, "(2,)")) + bytes_of<float>({0.25F, 3}))) ==
        std::vector<double>{0.25, 3});
  CHECK(flat(loaded(header(dictionary("<i8", false, "(2,)")) + bytes_of<std::int64_t>({-7, 9}))) ==
        std::vector<double>{-7, 9});
  CHECK(flat(loaded(header(dictionary(">i4", false, "(1,)")) +
                    bytes_of<std::int32_t>({-70000}, true))) == std::vector<double>{-70000});
  CHECK(flat(loaded(header(dictionary("<u2", false, "(1,)")) + bytes_of<std::uint16_t>({65535}))) ==
        std::vector<double>{65535});
  CHECK(flat(loaded(header(dictionary("|i1", false, "(2,)")) + bytes_of<std::int8_t>({-1, 1}))) ==
        std::vector<double>{-1, 1});
  CHECK(flat(loaded(header(dictionary("|b1", false, "(3,)")) +
                    bytes_of<std::uint8_t>({1, 0, 1}))) == std::vector<double>{1, 0, 1});
  const Tensor fortran = loaded(header(dictionary("|u1", true, "(2, 3)")) +
                                bytes_of<std::uint8_t>({1, 4, 2, 5, 3, 6}));
  CHECK(fortran.shape() == Shape{2, 3});
  CHECK(flat(fortran) == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(loaded(header("{\"shape\": (), \"fortran_order\": False, \"descr\": \"<f8\"}") +
               bytes_of<double>({4}))
            .item() == 4);
}

TEST_CASE("damaged and foreign npy files are errors that name the byte") {
  const std::string good =
      header(dictionary("<f8", false, "(2, 2)")) + bytes_of<double>({1, 2, 3, 4});
  const auto rejected = [](const std::string& text, const char* reason) {
    INFO(reason);
    CHECK_THROWS_WITH(loaded(text), Catch::Contains(kFile) && Catch::Contains(reason));
  };
  for (std::size_t n = 0; n < good.size(); ++n) CHECK_THROWS_AS(loaded(good.substr(0, n)), Error);
  rejected(good + "x", "the data, 33 bytes, are not 4 numbers of 8 bytes");
  rejected("PK" + good, "no .npy file");
  std::string version = good;
  version[6] = 9;
  rejected(version, "version 9");
  rejected(header(dictionary("<c16", false, "(1,)")) + std::string(16, '\0'), "'<c16'");
  rejected(header(dictionary("|O", false, "(1,)")) + std::string(8, '\0'), "'|O'");
  rejected(header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}"), "records");
  rejected(header(dictionary("<f8", false, "(-1,)")), "size of an axis");
  rejected(header(dictionary("<f8", false, "(2000000000, 2000000000, 2000000000)")), "memory");
  rejected(header("{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,)}"), "True or False");
  rejected(header("{'descr': '<f8', 'order': True, 'shape': (1,)}"), "'order'");
  rejected(header("{'descr': '<f8'}"), "lacks");
  if (sizeof(Real) == 8) {
    rejected(header(dictionary("<i8", false, "(1,)")) +
                 bytes_of<std::int64_t>({(std::int64_t{1} << 53) + 1}),
             "9007199254740993");
  }
  CHECK_THROWS_WITH(load_npy("no such file.npy"), Catch::Contains("no such file.npy"));
}
