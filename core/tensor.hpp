// Tensor: a handle on immutable, row-major numbers.
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ember/core/contiguous.hpp>
#include <ember/core/handle_count.hpp>
#include <ember/core/pool.hpp>
#include <ember/core/shape.hpp>
#include <ember/core/sources.hpp>

namespace ember {

namespace detail {
class IndexList;
struct Node;
struct EigenViews;  // in ember/eigen.hpp
/// Errors unless Real holds `value` exactly.
Real exactly(long double value);
}  // namespace detail

/// Numbers that convert to a Tensor: all arithmetic types but bool.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<std::remove_cv_t<T>, bool>;

/// A tensor is a handle: copies share the numbers, which never change. It holds either a buffer of
/// the heap (data, parameters, whatever is kept) or, while gradients are recorded, a slot of this
/// thread's tape; a tape tensor that is still held when its recording ends becomes a heap constant.
/// A tensor may also be undefined: using it is an error.
class Tensor {
 public:
  Tensor() = default;
  /// A scalar. An integer that Real cannot hold exactly is an error.
  template <Number T>
  Tensor(T value)  // NOLINT(google-explicit-constructor)
      : Tensor(scalar(to_real(value))) {}

  Tensor(const Tensor& other) noexcept : node_(other.node_) {
    if (node_ != nullptr) detail::retain(node_);
  }
  Tensor(Tensor&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Tensor& operator=(const Tensor& other) noexcept {
    Tensor copy(other);
    std::swap(node_, copy.node_);
    return *this;
  }
  Tensor& operator=(Tensor&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~Tensor() {
    if (node_ != nullptr) detail::release(node_);
  }

  bool defined() const { return node_ != nullptr; }
  const Shape& shape() const;
  /// How many axes there are.
  Index dim() const { return static_cast<Index>(shape().rank()); }
  Index numel() const;

  /// The one value of a one-element tensor.
  Real item() const;
  /// The value at an index (negative ones count from the end).
  Real at(std::initializer_list<Dim> index) const;
  /// All values, row-major. The span lives as long as a handle on the tensor does.
  std::span<const Real> data() const;

  /// A tensor of rank 2 or less seen as an Eigen::Map of a row-major matrix or array, without a
  /// copy; a vector is a column. Needs <ember/eigen.hpp>. The view lives as long as a handle on the
  /// tensor does, so that a temporary has none.
  template <class Views = detail::EigenViews>
  auto matrix() const& {
    return Views::matrix(*this);
  }
  template <class Views = detail::EigenViews>
  auto array() const& {
    return Views::array(*this);
  }
  void matrix() const&& = delete;
  void array() const&& = delete;

  /// Row i of the first axis.
  Tensor operator[](Index i) const;
  Tensor reshape(const Shape& shape) const;
  /// The part begin <= i < end of an axis (negative bounds count from the end).
  Tensor slice(Index axis, Index begin, Index end) const;
  /// Repeated to a shape that this one broadcasts to.
  Tensor expand(const Shape& shape) const;

  Tensor operator-() const;
  Tensor& operator+=(const Tensor& other);
  Tensor& operator-=(const Tensor& other);
  Tensor& operator*=(const Tensor& other);
  Tensor& operator/=(const Tensor& other);

  /// The node behind the handle; an error where the tensor is undefined.
  detail::Node& node() const;
  explicit Tensor(detail::Node* node) noexcept;

 private:
  template <Number T>
  static Real to_real(T value) {
    if constexpr (std::integral<T> && sizeof(T) >= sizeof(Real)) {
      return detail::exactly(static_cast<long double>(value));
    } else {
      return static_cast<Real>(value);
    }
  }
  static Tensor scalar(Real value);
  [[noreturn]] static void undefined();

  detail::HandleCount* node_ = nullptr;
};

namespace detail {

/// A number or a list of these: what stands between the braces of tensor({{1, 2}, {3, 4}}).
class Nested {
 public:
  template <Number T>
  Nested(T value)
      : number_(static_cast<long double>(value)), is_integer_(std::integral<T>) {}  // NOLINT
  Nested(std::initializer_list<Nested> items) : items_(items), is_list_(true) {}

  bool is_list() const { return is_list_; }
  std::initializer_list<Nested> items() const { return items_; }
  Real number() const { return is_integer_ ? exactly(number_) : static_cast<Real>(number_); }

 private:
  std::initializer_list<Nested> items_;
  long double number_ = 0;
  bool is_list_ = false;
  bool is_integer_ = false;
};

}  // namespace detail

template <class R>
concept NumberRange = detail::Contiguous<R> && Number<detail::ElementOf<R>>;

/// A constant of nested lists of numbers: tensor({1, 2, 3}), tensor({{1, 2}, {3, 4}}). Ragged lists
/// are an error.
Tensor tensor(std::initializer_list<detail::Nested> values);
/// A constant of row-major values; an error where they do not fill the shape.
Tensor tensor_of(std::vector<Real> values, const Shape& shape);
template <NumberRange R>
Tensor tensor(const R& values, const Shape& shape) {
  std::vector<Real> reals;
  reals.reserve(std::size(values));
  for (const auto& value : values) {
    if constexpr (std::integral<detail::ElementOf<R>>) {
      reals.push_back(detail::exactly(static_cast<long double>(value)));
    } else {
      reals.push_back(static_cast<Real>(value));
    }
  }
  return tensor_of(std::move(reals), shape);
}
/// A vector of the values of a range.
template <NumberRange R>
Tensor tensor(const R& values) {
  return tensor(values, Shape{std::size(values)});
}

/// One number everywhere.
Tensor full(const Shape& shape, Real value);
Tensor zeros(const Shape& shape);
Tensor ones(const Shape& shape);
/// 0, 1, .., n-1; begin, begin+1, .., end-1.
Tensor arange(Index n);
Tensor arange(Index begin, Index end);
/// n numbers at equal distances, from begin to end, both among them.
Tensor linspace(Real begin, Real end, Index n);
/// The identity matrix.
Tensor eye(Index n);

/// Printed as NumPy prints.
std::string to_string(const Tensor& x);
std::ostream& operator<<(std::ostream& out, const Tensor& x);

/// Integer positions: any contiguous range of integers, or a tensor of whole numbers. Copies share
/// them, and what is found out about them costs once: those of data are best made outside of a
/// model.
class Indices {
 public:
  Indices() = default;
  template <detail::Contiguous R>
    requires std::integral<detail::ElementOf<R>>
  Indices(const R& values) {  // NOLINT(google-explicit-constructor)
    detail::Positions list;
    list.reserve(std::size(values));
    for (auto value : values) list.push_back(detail::to_index(value));
    share(std::move(list));
  }
  Indices(std::initializer_list<Dim> values);
  Indices(const Tensor& values);  // NOLINT(google-explicit-constructor)

  std::span<const Index> values() const;
  std::size_t size() const { return values().size(); }
  detail::Sources sources() const { return sources_; }
  /// The positions and what is known of them; null where there are none.
  const std::shared_ptr<const detail::IndexList>& list() const { return list_; }

 private:
  void share(detail::Positions values);

  std::shared_ptr<const detail::IndexList> list_;
  detail::Sources sources_ = nullptr;
};

}  // namespace ember
