#include <ember/distributions/categorical_cdf.hpp>

#include <algorithm>
#include <array>

#include <ember/core/operators.hpp>
#include <ember/distributions/density.hpp>

namespace ember::distributions {
namespace {

// The weights of the i-th of n rows that stand transposed. All sums run in the order of the
// categories, so that F of the last one that is there is 1, and the inverse of F(c) is c.
template <bool Logarithms>
class Row {
 public:
  Row(const Real* numbers, Index n, Index i, Index length)
      : numbers_(numbers + i), stride_(n), length_(length) {
    for (Index c = 0; Logarithms && c < length; ++c) largest_ = std::max(largest_, number(c));
    for (Index c = 0; c < length; ++c) total_ += (*this)[c];
  }
  double operator[](Index c) const {
    return Logarithms ? special::exp(number(c) - largest_) : number(c);
  }
  Index length() const { return length_; }
  double total() const { return total_; }

 private:
  double number(Index c) const { return numbers_[c * stride_]; }

  const Real* numbers_;
  Index stride_, length_;
  double largest_ = -special::kInfinity;
  double total_ = 0;
};

// d F(x) / d logits[c] = p(c) (1(c <= x) - F(x)), and by weights[c] (1(c <= x) - F(x)) / total.
template <bool Logarithms, bool Partials>
void cdf_block(Index n, Index length, const Real* const* in, Real* out, Real* const* partials) {
  for (Index i = 0; i < n; ++i) {
    const double x = in[0][i];
    const Row<Logarithms> row(in[1], n, i, length);
    double reached = 0;
    for (Index c = 0; c < length && static_cast<double>(c) <= x; ++c) reached += row[c];
    const double f = std::isnan(x) ? x : reached / row.total();
    out[i] = static_cast<Real>(f);
    if constexpr (Partials) {
      for (Index c = 0; partials[1] != nullptr && c < length; ++c) {
        const double slope = (static_cast<double>(c) <= x ? 1 - f : -f) / row.total();
        partials[1][c * n + i] = static_cast<Real>(Logarithms ? slope * row[c] : slope);
      }
    }
  }
  if (Partials && partials[0] != nullptr) std::fill_n(partials[0], n, Real{0});
}

template <bool Logarithms>
void icdf_block(Index n, Index length, const Real* const* in, Real* out, Real* const*) {
  for (Index i = 0; i < n; ++i) {
    const Real p = in[0][i];
    const Row<Logarithms> row(in[1], n, i, length);
    double reached = 0;
    out[i] = static_cast<Real>(special::kNaN);
    for (Index c = 0; c < length; ++c) {
      reached += row[c];
      if (p >= 0 && static_cast<Real>(reached / row.total()) >= p) {
        out[i] = static_cast<Real>(c);
        break;
      }
    }
  }
}

template <bool Logarithms>
constexpr Kernel kCdf{&cdf_block<Logarithms, false>, &cdf_block<Logarithms, true>, 2, 2U};
template <bool Logarithms>
constexpr Kernel kInverse{&icdf_block<Logarithms>, &icdf_block<Logarithms>, 2, 2U};

}  // namespace

Tensor categorical_cdf(const Tensor& x, const Tensor& weights, bool are_logarithms,
                       const Shape& elements) {
  return density(are_logarithms ? kCdf<true> : kCdf<false>, nodes_of(std::array{x, weights}),
                 elements, Mask::filled(elements, true));
}

Tensor categorical_icdf(const Tensor& probability, const Tensor& weights, bool are_logarithms,
                        const Shape& elements) {
  return density(are_logarithms ? kInverse<true> : kInverse<false>,
                 nodes_of(std::array{detach(probability), detach(weights)}), elements,
                 Mask::filled(elements, true));
}

}  // namespace ember::distributions
