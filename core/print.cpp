// Printing as NumPy does: nested brackets, columns aligned.
#include <algorithm>
#include <ostream>
#include <sstream>

#include <ember/core/tensor.hpp>

namespace ember {
namespace {

std::string format(Real value) {
  std::ostringstream text;
  text.precision(8);
  text << value;
  return text.str();
}

void print(std::ostream& out, const Tensor& x, std::size_t axis, Index offset, int width) {
  if (axis == x.shape().rank()) {
    const std::string text = format(x.data()[static_cast<std::size_t>(offset)]);
    out << std::string(static_cast<std::size_t>(width) - text.size(), ' ') << text;
    return;
  }
  const Index size = x.shape()[axis];
  const Index inner = x.shape().after(axis + 1).numel();
  const bool last = axis + 1 == x.shape().rank();
  const bool summarised = x.numel() > 1000 && size > 6;
  out << '[';
  for (Index i = 0; i < size; ++i) {
    if (i > 0)
      out << (last ? std::string(" ")
                   : std::string(x.shape().rank() - axis - 1, '\n') + std::string(axis + 1, ' '));
    if (summarised && i == 3) {
      out << "...";
      i = size - 4;
      continue;
    }
    print(out, x, axis + 1, offset + i * inner, width);
  }
  out << ']';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tensor& x) {
  if (!x.defined()) return out << "undefined";
  std::size_t width = 0;
  for (Real v : x.data()) width = std::max(width, format(v).size());
  print(out, x, 0, 0, static_cast<int>(width));
  return out;
}

std::string to_string(const Tensor& x) {
  std::ostringstream text;
  text << x;
  return text.str();
}

}  // namespace ember
