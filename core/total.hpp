// The sum of many tensors' numbers, as one operator: a log joint is one node of the tape and not
// one a site.
#pragma once

#include <array>

#include <ember/core/inline_vector.hpp>
#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember::detail {

/// offset + sum over the terms of +- the sum of all numbers of one. Terms and masks are kept by
/// reference until result().
class Total {
 public:
  explicit Total(Real offset = 0) : offset_(offset) {}

  /// Of the elements that a mask of its shape keeps.
  void add(const Tensor& x, const Mask& visible = true) { take(x, visible, false); }
  void subtract(const Tensor& x, const Mask& visible = true) { take(x, visible, true); }
  /// A number that no gradient goes to.
  void add_number(Real x) { offset_ += x; }

  Tensor result() const;

 private:
  static constexpr std::size_t kTerms = 32;
  void take(const Tensor& x, const Mask& visible, bool is_negative);
  void take_terms(const Node& sum, bool is_negative);
  void push(Node& x, const MaskBytes* mask, bool is_negative);

  Real offset_;
  InlineVector<Node*, kTerms> terms_;
  std::array<const MaskBytes*, kTerms> masks_;  // null: all of it
  bool is_masked_ = false;                      // one of them is
  std::uint64_t negative_ = 0;                  // a bit a term
  Tensor before_;                               // the sum of what there was no room for
};

}  // namespace ember::detail
