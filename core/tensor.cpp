#include <ember/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include <ember/core/index_list.hpp>
#include <ember/core/index_text.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reads.hpp>
#include <ember/core/tape.hpp>

namespace ember {

using detail::Nested;
using detail::new_constant;
using detail::Node;

namespace detail {

Real exactly(long double value) {
  const auto real = static_cast<Real>(value);
  if (static_cast<long double>(real) != value) {
    std::ostringstream text;
    text.precision(25);
    text << "the integer " << value << " can't be held exactly by Real";
    fail("tensor", text.str(),
         sizeof(Real) == 8 ? "integers beyond 2^53 have no place in a tensor"
                           : "use double precision");
  }
  return real;
}

namespace {

[[noreturn]] void mixed() {
  fail("tensor", "a number stands beside rows",
       "all items of a level must be numbers, or all rows");
}

void collect(std::initializer_list<Nested> items, std::size_t depth, Shape& shape,
             std::vector<Real>& values) {
  if (depth == shape.rank()) {
    if (!values.empty()) mixed();
    shape.push_back(static_cast<Index>(items.size()));
  }
  if (shape[depth] != static_cast<Index>(items.size())) {
    fail("tensor",
         "a row has " + counted(items.size(), "item") + " where the first one of its level has " +
             std::to_string(shape[depth]),
         "rows of a level must have the same length");
  }
  for (const Nested& item : items) {
    if (item.is_list()) {
      collect(item.items(), depth + 1, shape, values);
    } else if (depth + 1 == shape.rank()) {
      values.push_back(item.number());
    } else {
      mixed();
    }
  }
}

}  // namespace
}  // namespace detail

const Shape& Tensor::shape() const { return node().shape; }

Index Tensor::numel() const { return node().numel; }

Real Tensor::item() const {
  if (numel() != 1) {
    fail("item",
         "a tensor of shape " + to_string(shape()) + " has " + std::to_string(numel()) +
             " elements, not one",
         "use at({...}) or reduce it first");
  }
  detail::Tape::current().check_owner(node(), "item");
  detail::note_read(node());
  return *detail::values(*this);
}

Real Tensor::at(std::initializer_list<Dim> index) const {
  const Shape& sizes = shape();
  if (index.size() != sizes.rank()) {
    fail("at",
         detail::counted(index.size(), "index", "indices") + " for a tensor of shape " +
             to_string(sizes),
         "give one an axis");
  }
  Index offset = 0;
  std::size_t axis = 0;
  for (Dim dim : index) {
    const Index i = dim.value < 0 ? dim.value + sizes[axis] : dim.value;
    if (i < 0 || i >= sizes[axis]) {
      detail::fail_index("at", dim.value, axis, sizes, -sizes[axis]);
    }
    offset = offset * sizes[axis++] + i;
  }
  detail::Tape::current().check_owner(node(), "at");
  detail::note_read(node());
  return detail::values(*this)[offset];
}

std::span<const Real> Tensor::data() const {
  detail::Tape::current().check_owner(node(), "data");
  detail::note_read(node());
  return {detail::values(*this), static_cast<std::size_t>(numel())};
}

Tensor Tensor::operator[](Index i) const { return select(*this, 0, i); }

Tensor& Tensor::operator+=(const Tensor& other) { return *this = *this + other; }
Tensor& Tensor::operator-=(const Tensor& other) { return *this = *this - other; }
Tensor& Tensor::operator*=(const Tensor& other) { return *this = *this * other; }
Tensor& Tensor::operator/=(const Tensor& other) { return *this = *this / other; }

Tensor Tensor::scalar(Real value) {
  Node* node = new_constant({});
  *node->value = value;
  return Tensor(node);
}

void Tensor::undefined() {
  fail("tensor", "an undefined tensor was used", "give it a value first: defined() tells");
}

Tensor tensor(std::initializer_list<Nested> items) {
  Shape shape;
  std::vector<Real> values;
  detail::collect(items, 0, shape, values);
  return tensor_of(std::move(values), shape);
}

Tensor tensor_of(std::vector<Real> values, const Shape& shape) {
  if (static_cast<Index>(values.size()) != shape.numel()) {
    fail("tensor", detail::counted(values.size(), "value") + " " + detail::do_not(values.size()) +
                       " fill shape " + to_string(shape));
  }
  Node* node = new_constant(shape);
  std::copy(values.begin(), values.end(), node->value);
  return Tensor(node);
}

Tensor full(const Shape& shape, Real value) {
  Node* node = new_constant(shape);
  std::fill_n(node->value, node->numel, value);
  return Tensor(node);
}

Tensor zeros(const Shape& shape) { return full(shape, 0); }
Tensor ones(const Shape& shape) { return full(shape, 1); }

Tensor arange(Index begin, Index end) {
  Index n = 0;
  if (end > begin) {
    if (__builtin_sub_overflow(end, begin, &n)) {
      fail("arange",
           "from " + std::to_string(begin) + " to " + std::to_string(end) +
               " there are more numbers than memory has addresses",
           "make the range shorter");
    }
    detail::exactly(static_cast<long double>(begin));
    detail::exactly(static_cast<long double>(end - 1));
  }
  Node* node = new_constant({n});
  for (Index i = 0; i < n; ++i) node->value[i] = static_cast<Real>(begin + i);
  return Tensor(node);
}

Tensor arange(Index n) { return arange(0, n); }

Tensor linspace(Real begin, Real end, Index n) {
  if (n < 0) fail("linspace", "there are no " + std::to_string(n) + " numbers", "n is 0 or more");
  Node* node = new_constant({n});
  for (Index i = 0; i < n; ++i) {
    const Real t = n == 1 ? Real{0} : static_cast<Real>(i) / static_cast<Real>(n - 1);
    node->value[i] = begin * (1 - t) + end * t;
  }
  return Tensor(node);
}

Tensor eye(Index n) {
  Node* node = new_constant({n, n});
  std::fill_n(node->value, node->numel, Real{0});
  for (Index i = 0; i < n; ++i) node->value[i * n + i] = 1;
  return Tensor(node);
}

void Indices::share(detail::Positions values) {
  if (!values.empty()) list_ = detail::make_index_list(std::move(values));
}

std::span<const Index> Indices::values() const {
  return list_ ? std::span<const Index>(list_->at()) : std::span<const Index>();
}

Indices::Indices(std::initializer_list<Dim> values) {
  detail::Positions list;
  for (Dim value : values) list.push_back(value.value);
  share(std::move(list));
}

Indices::Indices(const Tensor& values) : sources_(detail::sources_of(values)) {
  detail::Positions list;
  list.reserve(static_cast<std::size_t>(values.numel()));
  for (Real value : values.data()) {
    if (!(std::floor(value) == value) ||
        std::abs(value) > std::ldexp(Real{1}, std::numeric_limits<Real>::digits)) {
      fail("indices", "index " + detail::shortest_text(value) + " is not a whole number",
           "indices are integers");
    }
    list.push_back(static_cast<Index>(value));
  }
  share(std::move(list));
}

}  // namespace ember
