// The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include <ember/core/npy.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstring>
#include <set>
#include <string_view>

#include <ember/core/error.hpp>
#include <ember/core/file.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>

namespace ember {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic("\x93NUMPY", 6);

[[noreturn]] void damaged(std::size_t byte, const std::string& what) {
  fail("", "at byte " + std::to_string(byte) + ": " + what, "is it a whole .npy file?");
}

// The header is a Python dictionary of three entries.
class Header {
 public:
  Header(std::string_view text, std::size_t begin) : text_(text), begin_(begin) {
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      if (!keys_.insert(key).second) error("the entry '" + key + "' stands there twice");
      expect(':');
      if (key == "descr") {
        descr = string();
      } else if (key == "fortran_order") {
        fortran_order = boolean();
      } else if (key == "shape") {
        shape = tuple();
      } else {
        error("'" + key + "' is no entry of a header");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    for (const char* key : {"descr", "fortran_order", "shape"}) {
      if (!keys_.contains(key)) error(std::string("the header lacks '") + key + "'");
    }
    skip();
    if (at_ != text_.size()) error("text follows the header's dictionary");
  }

  std::string descr;
  bool fortran_order = false;
  Shape shape;

 private:
  [[noreturn]] void error(const std::string& what) const { damaged(begin_ + at_, what); }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  bool accept(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) error(std::string("expected '") + c + "'");
  }
  std::string string() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    if (quote != '\'' && quote != '"') error("expected a string (records are not read)");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) error("a string does not end");
    const std::string result(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return result;
  }
  bool boolean() {
    skip();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += std::strlen(word);
      return value;
    }
    error("expected True or False");
  }
  Shape tuple() {
    Shape sizes;
    expect('(');
    while (!accept(')')) {
      skip();
      Index size = 0;
      const auto [end, status] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (status != std::errc() || size < 0) error("expected the size of an axis");
      at_ = static_cast<std::size_t>(end - text_.data());
      sizes.push_back(size);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  std::string_view text_;
  std::size_t begin_;
  std::size_t at_ = 0;
  std::set<std::string> keys_;
};

template <class T>
Real number_at(const char* bytes, bool swapped) {
  std::array<char, sizeof(T)> raw;
  std::copy_n(bytes, sizeof(T), raw.begin());
  if (swapped) std::reverse(raw.begin(), raw.end());
  const T value = std::bit_cast<T>(raw);
  if constexpr (std::is_integral_v<T>) {
    return detail::exactly(static_cast<long double>(value));
  } else {
    return static_cast<Real>(value);
  }
}

struct Type {
  std::string_view name;  // without the byte order
  std::size_t size;
  Real (*read)(const char* bytes, bool swapped);
};

constexpr Type kTypes[] = {{"f8", 8, number_at<double>},        {"f4", 4, number_at<float>},
                           {"i8", 8, number_at<std::int64_t>},  {"i4", 4, number_at<std::int32_t>},
                           {"i2", 2, number_at<std::int16_t>},  {"i1", 1, number_at<std::int8_t>},
                           {"u8", 8, number_at<std::uint64_t>}, {"u4", 4, number_at<std::uint32_t>},
                           {"u2", 2, number_at<std::uint16_t>}, {"u1", 1, number_at<std::uint8_t>},
                           {"b1", 1, number_at<std::uint8_t>}};

const Type& type_of(const std::string& descr) {
  for (const Type& type : kTypes) {
    const bool has_order = descr.size() == 3 && std::strchr("<>|=", descr[0]) != nullptr;
    if (has_order && descr.substr(1) == type.name) return type;
  }
  fail("", "numbers of type '" + descr + "' are not read",
       "save it as float64: numpy.save(file, x.astype(float))");
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

Tensor parse_npy(const std::string& text) {
  const std::string_view all(text);
  if (!all.starts_with(kMagic) || all.size() < 10) damaged(0, "this is no .npy file");
  const auto version = static_cast<unsigned char>(all[6]);
  if (version < 1 || version > 3) damaged(6, "version " + std::to_string(version) + " is unknown");
  const std::size_t width = version == 1 ? 2 : 4;
  if (all.size() < 8 + width) damaged(8, "the file ends in its header");
  const std::size_t begin = 8 + width;
  const std::size_t length = little_endian(all.substr(8, width));
  if (length > all.size() - begin) damaged(8, "the file ends in its header");
  const Header header(all.substr(begin, length), begin);
  const Type& type = type_of(header.descr);
  const std::size_t data = begin + length;
  const auto n = static_cast<std::size_t>(header.shape.numel());
  const std::size_t held = all.size() - data;
  if (held % type.size != 0 || held / type.size != n) {
    damaged(data, "the data, " + detail::counted(held, "byte") + ", are not " +
                      detail::counted(n, "number") + " of " + detail::counted(type.size, "byte") +
                      " (shape " + to_string(header.shape) + ")");
  }
  const bool swapped = header.descr[0] == '>';
  std::vector<Real> values(n);
  for (std::size_t i = 0; i < n; ++i) {
    values[i] = type.read(text.data() + data + i * type.size, swapped);
  }
  if (!header.fortran_order) return tensor_of(std::move(values), header.shape);
  // Column-major: the numbers are those of the reversed shape, its axes then turned round.
  std::vector<Index> sizes(header.shape.begin(), header.shape.end());
  std::reverse(sizes.begin(), sizes.end());
  std::vector<Index> axes(sizes.size());
  for (std::size_t a = 0; a < axes.size(); ++a) axes[a] = static_cast<Index>(axes.size() - 1 - a);
  return permute(tensor_of(std::move(values), Shape(sizes)), axes);
}

}  // namespace

void save_npy(const std::string& file, const Tensor& x) {
  std::string header = "{'descr': '<f" + std::to_string(sizeof(Real)) +
                       "', 'fortran_order': False, 'shape': " + to_string(x.shape()) + ", }";
  const std::size_t before = kMagic.size() + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  std::string text(kMagic);
  text += {'\x01', '\x00', static_cast<char>(header.size() & 0xFFU),
           static_cast<char>(header.size() >> 8U)};
  text += header;
  const std::span<const Real> values = x.data();
  text.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  detail::write_file(file, text);
}

Tensor load_npy(const std::string& file) {
  return detail::reading(file, [&] { return parse_npy(detail::read_file(file)); });
}

}  // namespace ember
