// The sum of many tensors' numbers, as one operator: a log joint is one node of the tape and not
// one a site.
#pragma once

#include <ember/core/inline_vector.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

/// offset + sum over the terms of +- the sum of all numbers of one. Terms are kept by reference
/// until result().
class Total {
 public:
  explicit Total(Real offset = 0) : offset_(offset) {}

  void add(const Tensor& x) { take(x, false); }
  void subtract(const Tensor& x) { take(x, true); }
  /// A number that no gradient goes to.
  void add_number(Real x) { offset_ += x; }

  Tensor result() const;

 private:
  static constexpr std::size_t kTerms = 32;  // a bit of an attribute each, whether it is subtracted
  void take(const Tensor& x, bool negative);

  Real offset_;
  InlineVector<Node*, kTerms> terms_;
  std::uint32_t negative_ = 0;
  Tensor before_;  // the sum of what there was no room for
};

}  // namespace ember::detail
