#include <ember/distributions/student_t.hpp>

#include <limits>

#include <ember/core/gamma_forms.hpp>
#include <ember/core/incomplete.hpp>
#include <ember/core/quantile_slope.hpp>
#include <ember/distributions/cdf_forms.hpp>
#include <ember/distributions/gamma_draw.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::StudentT::Params, df, loc, scale);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kStudentTParameters = reflect::table<StudentT::Params>(
    {{Kind::positive}, {Kind::real}, reflect::shown(Kind::positive)});

class StudentTFamily final : public KernelFamily {
 public:
  explicit StudentTFamily(const StudentT::Params& params)
      : KernelFamily(StudentT::kInfo, reflect::values(params)) {}

  static Density<4> density(double x, double df, double loc, double scale) {
    const double inverse = 1 / scale;
    const double root = 1 / std::sqrt(df);
    const double w = (x - loc) * inverse * root;
    const double n = 0.5 * (df + 1);
    const special::HalfStep step = special::lgamma_half_step(0.5 * df);
    const special::LogSquare term = special::log1p_square(w);
    const double by_x = -n * term.slope * root * inverse;
    const double by_df = 0.5 * (step.slope - term.value + n * term.slope * w / df);
    return {step.value - special::kHalfLogTwoPi - special::log(scale) - n * term.value,
            {by_x, by_df, -by_x, (n * term.slope * w - 1) * inverse}};
  }

  Constraint support() const override { return constraints::real; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override {
    return where(df() > 1, expand(loc(), batch_shape()), std::numeric_limits<Real>::quiet_NaN());
  }
  Tensor variance() const override {
    const Tensor undefined = where(df() > 1, std::numeric_limits<Real>::infinity(),
                                   std::numeric_limits<Real>::quiet_NaN());
    return expand(where(df() > 2, square(scale()) * (df() / (df() - 2)), undefined), batch_shape());
  }
  Tensor entropy() const override {
    return expand(pointwise<Entropy, 2>({df(), scale()}, entropy_shape()), batch_shape());
  }
  Tensor cdf(const Tensor& x) const override {
    const Tensor t = (x - loc()) / scale();
    return cdf_of<Cdf, 2>({t, df()}, elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    const Tensor t =
        quantile_of<Cdf, 2>({p, df()}, broadcast_shapes(df().shape(), p.shape(), name()));
    return loc() + scale() * t;
  }

 private:
  // (df + 1) / 2 (digamma((df + 1) / 2) - digamma(df / 2)) - log p(loc)
  struct Entropy {
    static Density<2> density(double df, double scale) {
      const double h = 0.5 * df;
      const special::HalfStep step = special::lgamma_half_step(h);
      const double difference = step.slope + 1 / df;  // of the digammas
      const double slope = 0.5 * (special::trigamma(h + 0.5) - special::trigamma(h));
      return {(h + 0.5) * difference - step.value + special::kHalfLogTwoPi + special::log(scale),
              {0.5 * difference + (h + 0.5) * slope - 0.5 * step.slope, 1 / scale}};
    }
  };

  // of loc 0, scale 1
  struct Cdf {
    static double cdf(double t, double df) { return special::student_t_cdf(df, t); }
    static double quantile(double p, double df) { return special::student_t_quantile(df, p); }
    // where p is 0 or 1 the quantile stays
    static Motion<1> motion(double t, double df) {
      if (std::isinf(t)) return {0, {0}};
      return {special::exp(density(t, df, 0, 1).log_prob),
              {special::student_t_quantile_slope(df, t)}};
    }
  };

  const Tensor& df() const { return parameter(0); }
  const Tensor& loc() const { return parameter(1); }
  const Tensor& scale() const { return parameter(2); }
  Shape entropy_shape() const { return broadcast_shapes(df().shape(), scale().shape(), name()); }
  const Kernel& kernel() const override { return Elementwise<StudentTFamily, 4>::kernel; }
  // A normal number over the root of a Gamma(df / 2, df / 2) one.
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    const Tensor h = 0.5 * df();
    const Tensor precision = gamma_draw(other_key(key), elements, h, h);
    return loc() + scale() * detail::standard_normal(key, elements) / sqrt(precision);
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo StudentT::kInfo{"StudentT", kStudentTParameters,
                                           &reflect::make<StudentT>};

StudentT::StudentT(const Params& params) : Distribution(make_family<StudentTFamily>(params)) {}

}  // namespace ember::distributions
