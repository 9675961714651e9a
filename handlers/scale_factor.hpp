// What a site's log density is multiplied with: a number, or a tensor that broadcasts with it.
#pragma once

#include <ember/core/operators.hpp>

namespace ember {

/// A product of scales: numbers are multiplied at once, tensors as tensors.
class ScaleFactor {
 public:
  ScaleFactor() = default;
  ScaleFactor(Real number) : number_(number) {}  // NOLINT(google-explicit-constructor)
  explicit ScaleFactor(Tensor factor) : tensor_(std::move(factor)) {}
  /// A number where it is a constant one of which nobody asks where it comes from.
  static ScaleFactor of(const Tensor& scale);

  Real number() const { return number_; }
  bool is_number() const { return !tensor_.defined(); }
  bool is_one() const { return is_number() && number_ == 1; }
  /// Without the number; undefined where there is no tensor.
  const Tensor& tensor() const { return tensor_; }
  /// The whole factor as a tensor.
  Tensor value() const { return is_number() ? Tensor(number_) : tensor_ * number_; }
  operator Tensor() const { return value(); }  // NOLINT(google-explicit-constructor)
  Real item() const { return value().item(); }
  Shape shape() const { return is_number() ? Shape() : tensor_.shape(); }

  ScaleFactor& operator*=(const ScaleFactor& other) {
    number_ *= other.number_;
    if (!other.is_number()) tensor_ = is_number() ? other.tensor_ : tensor_ * other.tensor_;
    return *this;
  }

 private:
  Real number_ = 1;
  Tensor tensor_;
};

}  // namespace ember
