#include <ember/distributions/poisson.hpp>

#include <random>

#include <ember/core/gamma_forms.hpp>
#include <ember/core/incomplete.hpp>
#include <ember/distributions/count_entropy.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Poisson::Params, rate, log_rate);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kPoissonParameters = reflect::table<Poisson::Params>(
    {reflect::one_of(Kind::nonnegative), reflect::one_of(Kind::real)});

template <bool IsOfFew>
struct AtRate {
  static Density<2> density(double x, double rate) {
    const double ratio = special::select(x == 0, 0.0, x / rate);
    const double log_rate = special::log(rate);
    return {IsOfFew ? special::log_poisson_of_few(x, rate, log_rate)
                    : special::log_poisson(x, rate, log_rate),
            {0, ratio - 1}};
  }
};

template <bool IsOfFew>
struct AtLogRate {
  static Density<2> density(double x, double log_rate) {
    const double rate = special::exp(log_rate);
    return {IsOfFew ? special::log_poisson_of_few(x, rate, log_rate)
                    : special::log_poisson(x, rate, log_rate),
            {0, x - rate}};
  }
};

template <template <bool> class At>
struct OfFew : At<true> {
  static bool holds(double x, double, double) { return special::has_log_factorial(x); }
};
struct ByRate : AtRate<false> {
  using Few = OfFew<AtRate>;
};
struct ByLogRate : AtLogRate<false> {
  using Few = OfFew<AtLogRate>;
};

// F(k) = Q(k + 1, rate), whose derivative by the rate is -p(k)
struct CdfByRate {
  static Counts counts(double rate) { return {rate, std::sqrt(rate), special::kInfinity}; }
  static Density<2> density(double x, double rate) {
    return cdf_of_count<2>(x, special::kInfinity, [=](double k) -> Density<2> {
      return {special::gamma_q(k + 1, rate), {0, -special::exp(ByRate::density(k, rate).log_prob)}};
    });
  }
};

struct CdfByLogRate {
  static Counts counts(double log_rate) { return CdfByRate::counts(special::exp(log_rate)); }
  static Density<2> density(double x, double log_rate) {
    const double rate = special::exp(log_rate);
    const Density<2> d = CdfByRate::density(x, rate);
    return {d.log_prob, {0, d.partial[1] == 0 ? 0.0 : d.partial[1] * rate}};
  }
};

// The first argument is none. Large rates by their series in 1 / rate: Evans and
// Boersma, The entropy of a Poisson distribution, SIAM Review 30, 1988.
struct EntropyByRate {
  static Density<2> density(double, double rate) {
    if (!(rate > 1000)) {
      const WithSlope h = entropy_of_counts<ByRate, CdfByRate>(rate);
      return {h.value, {0, h.slope}};
    }
    const double i = 1 / rate;
    return {0.5 + special::kHalfLogTwoPi + 0.5 * special::log(rate) -
                i * (1.0 / 12 + i * (1.0 / 24 + i * 19 / 360)),
            {0, i * (0.5 + i * (1.0 / 12 + i * (1.0 / 12 + i * 19 / 120)))}};
  }
};

struct EntropyByLogRate {
  static Density<2> density(double, double log_rate) {
    const double rate = special::exp(log_rate);
    if (!(rate > 1000)) {
      const WithSlope h = entropy_of_counts<ByLogRate, CdfByLogRate>(log_rate);
      return {h.value, {0, h.slope}};
    }
    const Density<2> d = EntropyByRate::density(0, rate);
    return {d.log_prob, {0, rate * d.partial[1]}};
  }
};

// From here on doubles do not hold all whole numbers, and a normal number with the same moments
// differs by less than they can tell. Far above, an Index holds none of the draws.
constexpr double kLikeNormal = 0x1p53;

class PoissonFamily final : public KernelFamily {
 public:
  explicit PoissonFamily(const Poisson::Params& params)
      : KernelFamily(Poisson::kInfo, reflect::values(params)) {}

  Constraint support() const override { return constraints::nonnegative_integer; }
  Tensor mean() const override { return rate(); }
  Tensor variance() const override { return rate(); }
  Tensor entropy() const override {
    const std::array inputs{Tensor(0), parameter(0)};
    return by_log_rate() ? pointwise<EntropyByLogRate, 2>(inputs, batch_shape())
                         : pointwise<EntropyByRate, 2>(inputs, batch_shape());
  }
  Tensor cdf(const Tensor& x) const override {
    const std::array inputs{x, parameter(0)};
    return by_log_rate() ? pointwise<CdfByLogRate, 2>(inputs, elements_of(x))
                         : pointwise<CdfByRate, 2>(inputs, elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    const std::array inputs{p, parameter(0)};
    return by_log_rate() ? count_quantile_of<CdfByLogRate, 2>(inputs, elements_of(p))
                         : count_quantile_of<CdfByRate, 2>(inputs, elements_of(p));
  }

 private:
  bool by_log_rate() const { return alternative() == 1; }
  Tensor rate() const { return by_log_rate() ? exp(parameter(0)) : parameter(0); }
  const Kernel& kernel() const override {
    return by_log_rate() ? Elementwise<ByLogRate, 2>::kernel : Elementwise<ByRate, 2>::kernel;
  }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return draw_each(
        key, elements, std::array{rate()}, [](detail::ElementEngine& engine, double rate) {
          // hidden elements may hold anything: they are replaced afterwards
          if (!(rate > 0) || rate == special::kInfinity) return 0.0;
          if (rate >= kLikeNormal) {
            return std::round(rate + std::sqrt(rate) * std::normal_distribution<double>()(engine));
          }
          return static_cast<double>(std::poisson_distribution<std::int64_t>(rate)(engine));
        });
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Poisson::kInfo{"Poisson", kPoissonParameters, &reflect::make<Poisson>};

Poisson::Poisson(const Params& params) : Distribution(make_family<PoissonFamily>(params)) {}

}  // namespace ember::distributions
