#include <ember/distributions/bernoulli.hpp>

#include <ember/distributions/elementwise.hpp>

namespace ember::distributions {
namespace {

struct ByProbs {
  static Density<2> density(double x, double p) {
    // 0 log 0 is 0, and so are its derivatives
    const bool one = x == 1;
    const double chosen = one ? p : 1 - p;
    const double log_p = one ? special::log(p) : special::log1p(-p);
    return {log_p, {0, (one ? 1 : -1) / chosen}};
  }
};

struct ByLogits {
  static Density<2> density(double x, double l) {
    const double signed_logit = x == 1 ? l : -l;  // log p = -softplus(-signed)
    return {-special::softplus(-signed_logit),
            {0, (x == 1 ? 1 : -1) * special::sigmoid(-signed_logit)}};
  }
};

class BernoulliFamily final : public KernelFamily {
 public:
  explicit BernoulliFamily(const Bernoulli::Params& params)
      : logits_(one_of("Bernoulli", {"probs", "logits"}, {&params.probs, &params.logits}) == 1),
        parameter_(logits_ ? params.logits : params.probs) {}

  const char* name() const override { return "Bernoulli"; }
  std::vector<Parameter> parameters() const override {
    if (logits_) return {{"logits", parameter_, constraints::real}};
    return {{"probs", parameter_, constraints::unit_interval}};
  }
  Constraint support() const override { return constraints::boolean; }
  Tensor mean() const override { return probs(); }
  Tensor variance() const override { return probs() * (1 - probs()); }
  Tensor entropy() const override {
    if (logits_) {
      const Tensor p = sigmoid(parameter_);
      return softplus(parameter_) - p * parameter_;
    }
    const Tensor p = parameter_;
    const Tensor q = 1 - p;
    return where(p > 0, -p * log(p), 0) + where(q > 0, -q * log1p(-p), 0);
  }
  Tensor enumerate_support() const override { return tensor({0, 1}); }

 private:
  Tensor probs() const { return logits_ ? sigmoid(parameter_) : parameter_; }
  const Kernel& kernel() const override {
    return logits_ ? Elementwise<ByLogits, 2>::kernel : Elementwise<ByProbs, 2>::kernel;
  }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return to_tensor(detail::standard_uniform(key, elements) < expand(detach(probs()), elements));
  }
  Real placeholder() const override { return 0; }

  bool logits_;
  Tensor parameter_;
};

}  // namespace

Bernoulli::Bernoulli(const Params& params)
    : Distribution(std::make_shared<BernoulliFamily>(params)) {}

}  // namespace ember::distributions
