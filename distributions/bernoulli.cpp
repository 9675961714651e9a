#include <ember/distributions/bernoulli.hpp>

#include <ember/distributions/cdf_forms.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Bernoulli::Params, probs, logits);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kBernoulliParameters = reflect::table<Bernoulli::Params>(
    {reflect::one_of(Kind::unit_interval), reflect::one_of(Kind::real)});

struct BernoulliByProbs {
  static Density<2> density(double x, double p) {
    // 0 log 0 is 0, and so are its derivatives
    const bool one = x == 1;
    const double log_p = special::select(one, special::log(p), special::log1p(-p));
    return {log_p, {0, special::select(one, 1 / p, -1 / (1 - p))}};
  }
};

struct BernoulliByLogits {
  static Density<2> density(double x, double l) {
    const double signed_logit = x == 1 ? l : -l;  // log p = -softplus(-signed)
    return {-special::softplus(-signed_logit),
            {0, (x == 1 ? 1 : -1) * special::sigmoid(-signed_logit)}};
  }
};

// F is the probability of 0 from 0 up to 1
struct BernoulliCdfByProbs {
  static Counts counts(double) { return {1, 1, 1}; }
  static Density<2> density(double x, double p) {
    return cdf_of_count<2>(x, 1, [=](double) -> Density<2> { return {1 - p, {0, -1}}; });
  }
};

struct BernoulliCdfByLogits {
  static Counts counts(double) { return {1, 1, 1}; }
  static Density<2> density(double x, double l) {
    return cdf_of_count<2>(x, 1, [=](double) -> Density<2> {
      const double q = special::sigmoid(-l);
      return {q, {0, -special::sigmoid(l) * q}};
    });
  }
};

class BernoulliFamily final : public KernelFamily {
 public:
  explicit BernoulliFamily(const Bernoulli::Params& params)
      : KernelFamily(Bernoulli::kInfo, reflect::values(params)) {}

  Constraint support() const override { return constraints::boolean; }
  Tensor mean() const override { return probs(); }
  Tensor variance() const override { return probs() * (1 - probs()); }
  Tensor entropy() const override {
    if (by_logits()) {
      const Tensor p = sigmoid(parameter(0));
      return softplus(parameter(0)) - p * parameter(0);
    }
    const Tensor p = parameter(0);
    const Tensor q = 1 - p;
    return where(p > 0, -p * log(p), 0) + where(q > 0, -q * log1p(-p), 0);
  }
  Tensor cdf(const Tensor& x) const override {
    const std::array inputs{x, parameter(0)};
    return by_logits() ? pointwise<BernoulliCdfByLogits, 2>(inputs, elements_of(x))
                       : pointwise<BernoulliCdfByProbs, 2>(inputs, elements_of(x));
  }
  Tensor icdf(const Tensor& p) const override {
    const std::array inputs{p, parameter(0)};
    return by_logits() ? count_quantile_of<BernoulliCdfByLogits, 2>(inputs, elements_of(p))
                       : count_quantile_of<BernoulliCdfByProbs, 2>(inputs, elements_of(p));
  }
  Tensor enumerate_support() const override { return tensor({0, 1}); }

 private:
  bool by_logits() const { return alternative() == 1; }
  Tensor probs() const { return by_logits() ? sigmoid(parameter(0)) : parameter(0); }
  const Kernel& kernel() const override {
    return by_logits() ? Elementwise<BernoulliByLogits, 2>::kernel
                       : Elementwise<BernoulliByProbs, 2>::kernel;
  }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return to_tensor(detail::standard_uniform(key, elements) < expand(detach(probs()), elements));
  }
  Tensor placeholder() const override { return 0; }
};

}  // namespace

constinit const FamilyInfo Bernoulli::kInfo{"Bernoulli", kBernoulliParameters,
                                            &reflect::make<Bernoulli>};

Bernoulli::Bernoulli(const Params& params) : Distribution(make_family<BernoulliFamily>(params)) {}

}  // namespace ember::distributions
