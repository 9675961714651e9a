#include <ember/distributions/multivariate_normal.hpp>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/special.hpp>
#include <ember/distributions/family.hpp>
#include <ember/distributions/gaussian_factor.hpp>
#include <ember/distributions/reflect.hpp>
#include <ember/distributions/visible_rows.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::MultivariateNormal::Params, loc, scale_tril,
                        covariance_matrix, precision_matrix);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kMultivariateNormalParameters =
    reflect::table<MultivariateNormal::Params>({{Kind::real, 1},
                                                reflect::one_of(Kind::lower_cholesky, 2),
                                                reflect::one_of(Kind::positive_definite, 2),
                                                reflect::one_of(Kind::positive_definite, 2)});

class MultivariateNormalFamily final : public Family {
 public:
  explicit MultivariateNormalFamily(const MultivariateNormal::Params& params)
      : Family(MultivariateNormal::kInfo, reflect::values(params)) {
    const Shape& shape = matrix().shape();
    if (size() == 0) fail(name(), "vectors of no numbers", "give 1 or more");
    if (shape.from_right(2) != size() || loc().shape().from_right(1) != size()) {
      fail(name(),
           "loc of shape " + to_string(loc().shape()) + " and " + parameters()[1].info->name +
               " of shape " + to_string(shape),
           "they must end in (n) and (n, n)");
    }
  }

  Shape event_shape() const override { return {size()}; }
  Constraint support() const override { return Constraint(Kind::real).independent(1); }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return expand(loc(), concatenate(batch_shape(), event_shape())); }
  Tensor variance() const override {
    return expand(GaussianFactor(*this).variance(), concatenate(batch_shape(), event_shape()));
  }
  Tensor entropy() const override {
    const Real constant = static_cast<Real>(size()) * Real(0.5 + special::kHalfLogTwoPi);
    return expand(GaussianFactor(*this).half_log_det(), batch_shape()) + constant;
  }

  // Only what is visible goes through linear algebra.
  Tensor log_prob(const Tensor& value, const Shape& elements, const Mask& visible) const override {
    if (validation_enabled()) {
      check_parameters(visible, Look::at_all);
      check_visible(support(), value, visible, name(), "value");
    }
    const VisibleRows rows(elements, visible);
    const Tensor difference = rows.take(value, 1) - rows.take(loc(), 1);
    const GaussianFactor factor(rows.take(matrix(), 2), form());
    const Tensor z =
        factor.whiten_rows(expand(difference, concatenate(rows.shape(), event_shape())));
    const Real constant = static_cast<Real>(size()) * Real(special::kHalfLogTwoPi);
    return rows.put_back(-0.5 * sum(square(z), -1) - factor.half_log_det() - constant);
  }

  Tensor sample(detail::RandomKey key, const Shape& elements, const Mask& visible) const override {
    check(visible);
    const Tensor noise = detail::standard_normal(key, concatenate(elements, event_shape()));
    const VisibleRows rows(elements, visible);
    const GaussianFactor factor(rows.take(matrix(), 2), form());
    return rows.put_back(rows.take(loc(), 1) + factor.color_rows(rows.take(noise, 1)), 1);
  }

 private:
  const Tensor& loc() const { return parameter(0); }
  const Tensor& matrix() const { return parameter(1); }
  Index size() const { return matrix().shape().from_right(1); }
  GaussianFactor::Form form() const { return static_cast<GaussianFactor::Form>(alternative()); }
};

}  // namespace

constinit const FamilyInfo MultivariateNormal::kInfo{
    "MultivariateNormal", kMultivariateNormalParameters, &reflect::make<MultivariateNormal>};

MultivariateNormal::MultivariateNormal(const Params& params)
    : Distribution(make_family<MultivariateNormalFamily>(params)) {}

}  // namespace ember::distributions
