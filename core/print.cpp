// Printing as NumPy does by default: up to 8 digits behind the point, points below each other, an
// exponent where the numbers are far apart, lines of 75 characters, the middle of much left out.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ostream>

#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>

namespace ember {
namespace {

constexpr std::size_t kLine = 75;
constexpr Index kThreshold = 1000;  // with more elements, only the edges are shown
constexpr Index kEdge = 3;
constexpr int kDigits = 8;

// "-12" "5" "+07": a number's parts, without the zeros at the fraction's end.
struct Parts {
  std::string whole, fraction, exponent;
};

Parts split(std::string_view text) {
  Parts parts;
  const std::size_t e = std::min(text.find('e'), text.size());
  const std::size_t point = std::min(text.find('.'), e);
  parts.whole = text.substr(0, point);
  if (point < e) parts.fraction = text.substr(point + 1, e - point - 1);
  if (e < text.size()) parts.exponent = text.substr(e + 1);
  return parts;
}

// As few digits as tell the number from its neighbours, at most 8 of them behind the point.
Parts parts_of(Real value, std::chars_format format) {
  std::array<char, 400> text;
  auto end = std::to_chars(text.data(), text.data() + text.size(), value, format).ptr;
  Parts parts = split({text.data(), static_cast<std::size_t>(end - text.data())});
  if (parts.fraction.size() > kDigits) {
    end = std::to_chars(text.data(), text.data() + text.size(), value, format, kDigits).ptr;
    parts = split({text.data(), static_cast<std::size_t>(end - text.data())});
    parts.fraction.erase(parts.fraction.find_last_not_of('0') + 1);
  }
  return parts;
}

std::string special_name(Real value) {
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

// How all numbers of a tensor are written.
class Format {
 public:
  void widen_extent(Real value) {
    if (!std::isfinite(value) || value == 0) return;
    largest_ = std::max(largest_, std::abs(value));
    smallest_ = smallest_ == 0 ? std::abs(value) : std::min(smallest_, std::abs(value));
  }
  void choose() {
    const bool apart = largest_ >= Real(1e8) ||
                       (smallest_ > 0 && (smallest_ < Real(1e-4) || largest_ / smallest_ > 1000));
    format_ = apart ? std::chars_format::scientific : std::chars_format::fixed;
  }
  void widen(Real value) {
    if (!std::isfinite(value)) return;
    const Parts parts = parts_of(value, format_);
    whole_ = std::max(whole_, parts.whole.size());
    fraction_ = std::max(fraction_, parts.fraction.size());
    exponent_ = std::max(exponent_, parts.exponent.size());
  }
  void widen_special(Real value) {
    if (std::isfinite(value)) return;
    const std::size_t size = special_name(value).size();
    whole_ = std::max(whole_, size - std::min(size, right()));
  }

  std::string operator()(Real value) const {
    if (!std::isfinite(value)) return padded(special_name(value), whole_ + right());
    Parts parts = parts_of(value, format_);
    std::string text = padded(parts.whole, whole_).append(".").append(parts.fraction);
    const std::size_t missing = fraction_ - parts.fraction.size();
    if (format_ == std::chars_format::fixed) return text.append(missing, ' ');
    parts.exponent.insert(1, exponent_ - parts.exponent.size(), '0');
    return text.append(missing, '0').append("e").append(parts.exponent);
  }

 private:
  static std::string padded(const std::string& text, std::size_t width) {
    return std::string(width - text.size(), ' ') + text;
  }
  // The width of the point and what follows.
  std::size_t right() const { return 1 + fraction_ + (exponent_ > 0 ? 1 + exponent_ : 0); }

  Real largest_ = 0;
  Real smallest_ = 0;
  std::chars_format format_ = std::chars_format::fixed;
  std::size_t whole_ = 0;
  std::size_t fraction_ = 0;
  std::size_t exponent_ = 0;
};

class Printer {
 public:
  explicit Printer(const Tensor& x, bool as_bits = false)
      : x_(x), summarised_(x.numel() > kThreshold), as_bits_(as_bits) {
    each_shown(0, 0, [&](Real v) { format_.widen_extent(v); });
    format_.choose();
    each_shown(0, 0, [&](Real v) { format_.widen(v); });
    each_shown(0, 0, [&](Real v) { format_.widen_special(v); });
  }

  // The part at `offset` below `axis`: lines after the first one begin with `indent` spaces.
  std::string text(std::size_t axis, Index offset, std::size_t indent) const {
    const bool rows = axis + 1 < x_.shape().rank();
    const std::string newline = '\n' + std::string(indent, ' ');
    std::string result = "[";
    std::size_t column = indent;
    bool first = true;
    each_row(axis, [&](Index i) {
      std::string word = i < 0  ? "..."
                         : rows ? text(axis + 1, offset + i * inner(axis), indent + 1)
                                : number(x_.data()[static_cast<std::size_t>(offset + i)]);
      if (rows) {
        if (!first) result.append(x_.shape().rank() - axis - 2, '\n').append(newline);
      } else if (column + word.size() > kLine - indent && column > indent) {
        result.erase(result.find_last_not_of(' ') + 1);
        result.append(newline);
        column = indent;
      } else if (!first) {
        result.append(" ");
      }
      column += word.size() + 1;
      result.append(word);
      first = false;
    });
    return result.append("]");
  }

 private:
  Index inner(std::size_t axis) const { return x_.shape().after(axis + 1).numel(); }

  // Calls f(i) for the rows of an axis that are shown, f(-1) for the gap.
  template <class F>
  void each_row(std::size_t axis, F f) const {
    const Index size = x_.shape()[axis];
    const bool gap = summarised_ && size > 2 * kEdge;
    for (Index i = 0; i < size; ++i) {
      if (gap && i == kEdge) {
        f(-1);
        i = size - kEdge;
      }
      f(i);
    }
  }

  template <class F>
  void each_shown(std::size_t axis, Index offset, const F& f) const {
    if (axis == x_.shape().rank()) return f(x_.data()[static_cast<std::size_t>(offset)]);
    each_row(axis, [&](Index i) {
      if (i >= 0) each_shown(axis + 1, offset + i * inner(axis), f);
    });
  }

  std::string number(Real value) const {
    return as_bits_ ? (value == 0 ? "0" : "1") : format_(value);
  }

  const Tensor& x_;
  bool summarised_, as_bits_;
  Format format_;
};

// As Python writes a float: "1.0", "0.0001", "1e-05", "1e+16".
std::string scalar_text(Real value) {
  if (!std::isfinite(value)) return special_name(value);
  const Real size = std::abs(value);
  const bool plain = size == 0 || (size >= Real(1e-4) && size < Real(1e16));
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  std::string result(text.data(), end);
  if (plain && result.find('.') == std::string::npos) result += ".0";
  return result;
}

}  // namespace

std::string to_string(const Tensor& x) {
  if (!x.defined()) return "undefined";
  if (x.dim() == 0) return scalar_text(x.item());
  if (x.numel() == 0) return "[]";
  if (const detail::Coordinates* has = detail::coordinates_of(x)) {
    return detail::counted(has->at->count(), "coordinate") + " of shape " + to_string(x.shape()) +
           ", with values " + to_string(has->values);
  }
  return Printer(x).text(0, 0, 1);
}

std::string detail::text_of_bits(const Mask& mask) {
  if (mask.shape().rank() == 0) return mask.is_none() ? "0" : "1";
  if (mask.numel() == 0) return "[]";
  return Printer(to_tensor(mask), true).text(0, 0, 1);
}

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << to_string(x); }

}  // namespace ember
