// A regression some of whose inputs are missing: the model imputes them as it fits.
//
// Each of n people has three covariates, correlated through one factor, and an outcome:
//
//     f_i ~ Normal(0, 1)
//     x_ik ~ Normal(m_k + a_k f_i, s_k)            a third of them missing
//     y_i ~ Normal(b_0 + sum_k b_k x_ik, s_y)
//
// `.obs_mask` says which covariates are really there. The others become latent variables: their
// posterior knows what the person's other covariates and the outcome say. The data are made here,
// so that the truth is known; beside the fit stands the usual way out, to drop incomplete people.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr Index kPeople = 400;
const Tensor kSlopes = tensor({1.0, -0.5, 0.8});

struct People {
  Tensor x;          // (n, 3), NaN where missing
  Tensor y;          // (n)
  Tensor x_in_full;  // the truth
};

People make_people() {
  const Tensor factor = dist::Normal(0, 1).sample({kPeople, 1});
  const Tensor x = tensor({0.5, -1.0, 2.0}) + factor * tensor({1.0, 0.8, -0.9}) +
                   0.5 * dist::Normal(0, 1).sample({kPeople, 3});
  const Tensor y = 0.3 + matmul(x, kSlopes) + 0.4 * dist::Normal(0, 1).sample({kPeople});
  const Tensor missing = dist::Bernoulli({.probs = 0.33}).sample({kPeople, 3});
  return {where(missing > 0, std::nan(""), x), y, x};
}

void model(const People& d) {
  const Tensor m = sample("m", dist::Normal(0, 3).expand({3}).to_event(1));
  const Tensor a = sample("a", dist::Normal(0, 1).expand({3}).to_event(1));
  const Tensor s = sample("s", dist::HalfNormal(1).expand({3}).to_event(1));
  const Tensor b0 = sample("b0", dist::Normal(0, 3));
  const Tensor b = sample("b", dist::Normal(0, 3).expand({3}).to_event(1));
  const Tensor s_y = sample("s_y", dist::HalfNormal(1));
  plate people("people", d.y.numel(), {.dim = -2});
  const Tensor f = sample("f", dist::Normal(0, 1));  // (n, 1)
  Tensor x;
  {
    plate covariates("covariates", 3, {.dim = -1});
    x = sample("x", dist::Normal(m + a * f, s), {.obs = d.x, .obs_mask = !isnan(d.x)});
  }
  const Tensor mean = b0 + sum(x * b, -1, true);
  sample("y", dist::Normal(mean, s_y), {.obs = d.y.reshape({d.y.numel(), 1})});
}

// Least squares over the people of whom everything is known.
Tensor complete_cases(const People& d) {
  const Index n = d.y.numel();
  const Mask complete = !any(isnan(d.x), -1);
  std::vector<Index> rows;
  for (Index i = 0; i < n; ++i) {
    if (complete.at({i})) rows.push_back(i);
  }
  const Tensor x = index_select(d.x, 0, rows);
  const Tensor design = concatenate({ones({x.shape()[0], 1}), x}, 1);
  const Tensor y = index_select(d.y, 0, rows);
  // a few hundred gradient steps on the mean square reach its minimum
  Tensor b = zeros({4});
  for (int step = 0; step < 3000; ++step) {
    const auto [value, grads] = value_and_grad(
        [&](std::span<const Tensor> in) { return mean(square(y - matmul(design, in[0]))); }, {b});
    b -= 0.1 * grads[0];
  }
  return b.slice(0, 1, 4);
}

double root_mean_square(const Tensor& x, const Mask& where_true) {
  const Tensor square_sum = sum(where(where_true, square(x), 0));
  return std::sqrt(static_cast<double>(square_sum.item()) /
                   static_cast<double>(where_true.count()));
}

}  // namespace

int main() {
  set_rng_seed(3);
  const People data = make_people();
  const Mask missing = isnan(data.x);
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::ClippedAdam({.lr = 0.05, .lrd = 0.998}));
  const infer::Fit fit = svi.run(3000, {.progress = true}, data);
  std::printf("%lld of %lld covariates are missing; fitted in %.2f s\n\n",
              static_cast<long long>(missing.count()), static_cast<long long>(missing.numel()),
              fit.seconds);

  const Values posterior = guide.median();
  const Tensor& slopes = posterior.at("b");
  const Tensor dropped = complete_cases(data);
  std::puts("slope   truth   fitted   without incomplete people");
  for (Index k = 0; k < 3; ++k) {
    std::printf("%5lld %7.2f %8.2f %8.2f\n", static_cast<long long>(k + 1),
                static_cast<double>(kSlopes.at({k})), static_cast<double>(slopes.at({k})),
                static_cast<double>(dropped.at({k})));
  }
  const Tensor column_means =
      sum(where(missing, 0, data.x), 0) / sum(where(missing, 0, ones(data.x.shape())), 0);
  const double imputed = root_mean_square(posterior.at("x_unobserved") - data.x_in_full, missing);
  const double by_means = root_mean_square(column_means - data.x_in_full, missing);
  const double off = static_cast<double>(max(abs(slopes - kSlopes)).item());
  std::printf("\nimputed covariates are off by %.2f (root mean square), column means by %.2f\n",
              imputed, by_means);
  std::printf("slopes are off by at most %.3f\n", off);
  return off < 0.1 && imputed < 0.7 * by_means ? 0 : 1;
}
