// Recordings that are run again: every operator computes from its operands what it computed when it
// was recorded, and a step of SVI that is recorded once is the step, to the last bit.
#include <ember/core/rerun.hpp>

#include <string>

#include <ember/ember.hpp>

#include "allocations.hpp"
#include "catch.hpp"
#include "operator_inputs.hpp"
#include "support.hpp"

using namespace ember;
using namespace ember::testing;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

// Other numbers of the same domain.
Tensor shrunk(const Tensor& x) { return detach(x * Real(0.996)); }

bool is_same(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (std::size_t i = 0; i < a.data().size(); ++i) {
    if (!same_bits(a.data()[i], b.data()[i])) return false;
  }
  return true;
}

// Numbers in the results of the operator are weighted, so that each has an adjoint of its own.
Tensor weighted(const Case& c, std::span<const Tensor> inputs) {
  return sum(c.f(inputs) * numbers(c.shape, 0.5, 2, 99));
}

struct Answer {
  Real value;
  std::vector<Tensor> gradients;
};

// Expressions of many elements are one operator, which can't be run again: here they are none.
class NeverFuses {
 public:
  NeverFuses() : before_(std::exchange(detail::Tape::current().fuses_from, kMany)) {}
  NeverFuses(const NeverFuses&) = delete;
  NeverFuses& operator=(const NeverFuses&) = delete;
  ~NeverFuses() { detail::Tape::current().fuses_from = before_; }

 private:
  static constexpr Index kMany = Index{1} << 40;
  Index before_;
};

Answer computed(const Case& c, const std::vector<Tensor>& inputs) {
  const NeverFuses one_by_one;
  detail::Recording recording;
  std::vector<Tensor> leaves;
  for (const Tensor& x : inputs) leaves.push_back(detail::Recording::leaf(x));
  const Tensor root = weighted(c, leaves);
  recording.backward(root);
  Answer answer{root.item(), {}};
  for (const Tensor& x : leaves) answer.gradients.push_back(detail::adjoint_of(x));
  return answer;
}

std::vector<Tensor> zeros_like(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> result;
  for (const Tensor& x : inputs) result.push_back(zeros(x.shape()));
  return result;
}

// Records the operator of other numbers, and runs it again with those of the case.
Answer run_again(const Case& c) {
  detail::Rerun rerun;
  std::vector<detail::Node*> leaves;
  std::vector<Tensor> others;
  for (const Tensor& x : c.inputs) others.push_back(shrunk(x));
  {
    const detail::Rerun::Recording recording(rerun);
    const NeverFuses one_by_one;
    {
      std::vector<Tensor> handles;
      for (const Tensor& x : others) {
        handles.push_back(detail::Recording::leaf(x));
        leaves.push_back(&handles.back().node());
      }
      const Tensor root = weighted(c, handles);
      if (!root.node().requires_grad) return {root.item(), zeros_like(c.inputs)};  // of no elements
      rerun.keep(root.node());
      detail::Tape::current().backward(root.node(), 1);
    }
    REQUIRE(rerun.finish());
  }
  const detail::Tape::Active active(rerun.tape());
  Answer answer{};
  for (int times = 0; times < 2; ++times) {  // what a reverse pass leaves must do no harm
    for (std::size_t k = 0; k < leaves.size(); ++k) {
      const Tensor& x = times == 0 ? others[k] : c.inputs[k];
      leaves[k]->value = const_cast<Real*>(detail::values(x));
    }
    REQUIRE(rerun.run());
    rerun.backward();
  }
  answer.value = rerun.value();
  for (detail::Node* leaf : leaves) answer.gradients.push_back(detail::adjoint_of(Tensor(leaf)));
  return answer;
}

void check_again(const Case& c) {
  INFO(c.name);
  const Answer direct = computed(c, c.inputs);
  const Answer again = run_again(c);
  CHECK(same_bits(direct.value, again.value));
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    INFO("input " << k);
    CHECK(is_same(direct.gradients[k], again.gradients[k]));
  }
}

// Losses and parameters after some steps, and how often the model ran.
struct History {
  std::vector<Real> losses;
  Values params;
  int executions = 0;
  std::string error = "none";
};

template <class Model, class Guide>
History fit_of(Model&& model, Guide&& make_guide, int steps, bool record_once,
               const infer::TraceELBOOptions& options = {}, double lr = 0.05) {
  begin(17);
  History history;
  const auto counted = [&] {
    ++history.executions;
    model();
  };
  auto guide = make_guide(counted);
  infer::TraceELBOOptions elbo = options;
  elbo.record_once = record_once;
  infer::SVI svi(counted, guide, infer::Adam({.lr = lr}), infer::TraceELBO(elbo));
  try {
    svi.step();
    history.executions = 0;
    for (int i = 1; i < steps; ++i) history.losses.push_back(svi.step());
  } catch (const Error& error) {
    history.error = error.what();
  }
  history.params = param_store().values();
  return history;
}

void check_same(const History& a, const History& b) {
  CHECK(a.error == b.error);
  REQUIRE(a.losses.size() == b.losses.size());
  for (std::size_t i = 0; i < a.losses.size(); ++i) {
    INFO("step " << i);
    CHECK(same_bits(a.losses[i], b.losses[i]));
  }
  REQUIRE(a.params.size() == b.params.size());
  for (const auto& [name, value] : a.params) {
    INFO(name);
    CHECK(is_same(value, b.params.at(name)));
  }
}

const auto kAutoNormal = [](auto& model) { return infer::AutoNormal(model); };
enum class Runs : std::uint8_t { again, program };

// Fits with and without record_once are the same, and the former does not run the model, or does.
template <class Model, class Guide>
void check_fit(Model model, Guide make_guide, Runs expected,
               const infer::TraceELBOOptions& options = {}) {
  constexpr int kSteps = 25;
  const History plain = fit_of(model, make_guide, kSteps, false, options);
  const History again = fit_of(model, make_guide, kSteps, true, options);
  check_same(plain, again);
  CHECK(plain.error == "none");
  if (expected == Runs::again) {
    CHECK(again.executions == 0);
  } else {
    CHECK(again.executions == plain.executions);
  }
}

const Tensor kSchools = tensor({28, 8, -3, 7, -1, 1, 18, 12});
const Tensor kErrors = tensor({15, 10, 16, 11, 9, 11, 10, 18});

void eight_schools() {
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  const Tensor tau = sample("tau", dist::HalfCauchy(5));
  plate schools("schools", 8);
  const Tensor z = sample("z", dist::Normal(0, 1));
  sample("y", dist::Normal(mu + tau * z, kErrors), {.obs = kSchools});
}

}  // namespace

TEST_CASE("every operator of nodes computes again what it is recorded as"){
#define EMBER_OPERATOR(name)
#define EMBER_OPERATOR_OF_NODES(name)                                       \
  DYNAMIC_SECTION(#name) {                                                  \
    for (const Case& c : Inputs<detail::Op::name>::cases()) check_again(c); \
  }
#include <ember/core/operators.def>
#undef EMBER_OPERATOR_OF_NODES
#undef EMBER_OPERATOR
}

TEST_CASE("a step that is recorded once is the step, to the last bit") {
  SECTION("eight schools") { check_fit(eight_schools, kAutoNormal, Runs::again); }
  SECTION("parts of what is made of draws without a gradient") {
    const auto jitter = [](const Shape& shape) {
      return dist::Normal(0.2, 0.5).expand(shape).sample(Name("jitter"), {});
    };
    check_fit(
        [&] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          sample("y", dist::Normal(mu + slice(jitter({12}), 0, 2, 10), kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::again);
    check_fit(
        [&] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          sample("y", dist::Normal(mu + exp(jitter({3, 8}))[1], kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::again);
  }
  SECTION("parameters of one number, under other shapes") {
    check_fit(
        [] {
          const Tensor a = param("a", full({1}, 0.3));
          const Tensor b = param("b", full({1, 1}, 0.5), constraints::positive);
          const Tensor mu = sample("mu", dist::Normal(a.reshape({}), 5));
          sample("y", dist::Normal(mu * expand(b.reshape({1}), {8}) + a, kErrors),
                 {.obs = kSchools});
        },
        kAutoNormal, Runs::again);
  }
  SECTION("several particles") {
    check_fit(eight_schools, kAutoNormal, Runs::again, {.num_particles = 3});
  }
  SECTION("a guide that is a point") {
    check_fit(
        eight_schools, [](auto& model) { return infer::AutoDelta(model); }, Runs::again);
  }
  SECTION("a joint guide") {
    check_fit(
        eight_schools, [](auto& model) { return infer::AutoMultivariateNormal(model); },
        Runs::again);
  }
  SECTION("masks and scales") {
    const Mask seen = mask_of({true, false, true, true, false, true, true, true});
    check_fit(
        [&] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          const Tensor tau = sample("tau", dist::LogNormal(0, 1));
          plate schools("schools", 8);
          with inside(h::mask(seen), h::scale(0.5));
          const Tensor theta = sample("theta", dist::Normal(mu, tau));
          sample("y", dist::StudentT(4, theta, kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::again);
  }
  SECTION("a partly observed site") {
    const Mask seen = mask_of({true, false, true, true, false, true, true, true});
    check_fit(
        [&] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          plate schools("schools", 8);
          sample("y", dist::Normal(mu, kErrors), {.obs = kSchools, .obs_mask = seen});
        },
        kAutoNormal, Runs::again);
  }
  SECTION("a regression with transforms, gathers and products") {
    const Tensor x = numbers({40, 3}, -1, 1, 5);
    const Tensor y = to_tensor(numbers({40}, 0, 1, 6) < 0.5);
    std::vector<Index> group;
    for (Index i = 0; i < 40; ++i) group.push_back(i % 4);
    check_fit(
        [&, groups = Indices(group)] {
          const Tensor w = sample("w", dist::Normal(zeros({3}), 1).to_event(1));
          const Tensor p = sample("p", dist::Beta(2, 2));
          Tensor intercept;
          {
            plate g("g", 4);
            intercept = sample("a", dist::Normal(logit(p), 1));
          }
          deterministic("shares", softmax(w, 0));
          plate rows("rows", 40);
          const Tensor logits = matmul(x, w) + index_select(intercept, 0, groups);
          sample("y", dist::Bernoulli({.logits = logits}), {.obs = y});
        },
        kAutoNormal, Runs::again);
  }
  SECTION("a simplex, counts and rows") {
    const Tensor counts = reshape(tensor({3, 1, 0, 2, 2, 1}), {2, 3});
    check_fit(
        [&] {
          const Tensor p = sample("p", dist::Dirichlet(tensor({1.5, 2, 1})));
          const Tensor rate = sample("rate", dist::Gamma(2, 1));
          plate rows("rows", 2);
          sample("c", dist::Categorical({.probs = p}), {.obs = tensor({0, 2})});
          plate columns("columns", 3);
          sample("n", dist::Poisson(rate), {.obs = transpose(counts)});
        },
        kAutoNormal, Runs::again);
  }
}

TEST_CASE("guides of one's own are run again where all of their draws are noise of the tape") {
  const auto model = [] {
    const Tensor mu = sample("mu", dist::Normal(0, 5));
    const Tensor tau = sample("tau", dist::LogNormal(0, 1));
    sample("y", dist::Normal(mu, tau), {.obs = kSchools});
  };
  const auto guide_of = [](auto draw) {
    return [draw](auto&) {
      return [draw] {
        const Tensor a = param("a", 0.3);
        const Tensor b = param("b", 0.5, constraints::positive);
        draw(a, b);
      };
    };
  };
  SECTION("Normal and LogNormal") {
    check_fit(model, guide_of([](const Tensor& a, const Tensor& b) {
                sample("mu", dist::Normal(a, b));
                sample("tau", dist::LogNormal(a, 1));
              }),
              Runs::again);
  }
  SECTION("draws of fixed distributions") {
    check_fit(model, guide_of([](const Tensor& a, const Tensor& b) {
                sample("mu", dist::Normal(0, 1));
                sample("tau", dist::LogNormal(a, b));
              }),
              Runs::program);
  }
  SECTION("StudentT draws are made of Gamma draws, too") {
    check_fit(model, guide_of([](const Tensor& a, const Tensor& b) {
                sample("mu", dist::StudentT(5, a, b));
                sample("tau", dist::LogNormal(a, b));
              }),
              Runs::program);
  }
  SECTION("by quantiles") {
    check_fit(model, guide_of([](const Tensor& a, const Tensor& b) {
                sample("mu", dist::Uniform(a, a + b));
                sample("tau", dist::Exponential(b));
              }),
              Runs::again);
  }
  SECTION("Laplace draws choose between two branches, and are drawn by the program") {
    check_fit(model, guide_of([](const Tensor& a, const Tensor& b) {
                sample("mu", dist::Laplace(a, b));
                sample("tau", dist::Exponential(b));
              }),
              Runs::program);
  }
  SECTION("Gamma draws reject, and are drawn by the program") {
    check_fit(model, guide_of([](const Tensor& a, const Tensor& b) {
                sample("mu", dist::Normal(a, b));
                sample("tau", dist::Gamma(b, 1));
              }),
              Runs::program);
  }
}

TEST_CASE("what may be otherwise next time makes each step run the program") {
  SECTION("members of a plate are chosen") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          plate some("some", 8, {.subsample_size = 3});
          sample("y", dist::Normal(mu, some.subsample(kErrors)), {.obs = some.subsample(kSchools)});
        },
        kAutoNormal, Runs::program);
  }
  SECTION("a number is looked at") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          const Tensor wide = mu.item() > 0 ? kErrors : kErrors * 2;
          sample("y", dist::Normal(mu, wide), {.obs = kSchools});
        },
        kAutoNormal, Runs::program);
  }
  SECTION("the place of the smallest number") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          const Tensor place = argmin(stack({mu - 0.05, 2 * (mu - 0.05)}, 0), 0);
          sample("y", dist::Normal(mu * place, kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::program);
  }
  SECTION("a draw that nothing but a product with a constant uses") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          plate schools("schools", 8);
          const Tensor jitter = dist::Normal(0.2, 0.5).expand({8}).sample(Name("jitter"), {});
          sample("y", dist::Normal(tanh(mu), softplus(mu) + 0.3), {.obs = jitter});
        },
        kAutoNormal, Runs::again);
  }
  SECTION("a condition on draws") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          sample("y", dist::Normal(where(mu > 0, mu, 2 * mu), kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::program);
  }
  SECTION("a constant is made of a draw") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          sample("y", dist::Normal(mu + detach(mu), kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::program);
  }
  SECTION("a discrete draw") {
    check_fit(
        [] {
          const Tensor k = sample("k", dist::Bernoulli({.probs = 0.4}));
          sample("y", dist::Normal(3 * k, kErrors), {.obs = kSchools});
        },
        [](auto&) {
          return [] {
            const Tensor p = param("p", 0.4, constraints::unit_interval);
            sample("k", dist::Bernoulli({.probs = p}));
          };
        },
        Runs::program);
  }
  SECTION("draws are seeded") {
    check_fit(
        [] {
          const Tensor mu = sample("mu", dist::Normal(0, 5));
          with inside(h::seed(3));
          const Tensor jitter = dist::Normal(0, 1).sample(Name("jitter"), {});
          sample("y", dist::Normal(mu + jitter, kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::program);
  }
  SECTION("somebody keeps a tensor") {
    Tensor kept;
    check_fit(
        [&] {
          kept = sample("mu", dist::Normal(0, 5));
          sample("y", dist::Normal(kept, kErrors), {.obs = kSchools});
        },
        kAutoNormal, Runs::program);
  }
}

TEST_CASE("errors of a step that is recorded once are those of the step") {
  SECTION("a parameter leaves its support") {
    const auto model = [] {
      const Tensor mu = sample("mu", dist::Normal(0, 5));
      // a kernel of which a negative scale does not show in the sum
      sample("y", dist::Normal(mu, param("b", 0.2)), {.obs = kSchools / 1000});
    };
    const History plain = fit_of(model, kAutoNormal, 200, false, {}, 0.3);
    const History again = fit_of(model, kAutoNormal, 200, true, {}, 0.3);
    check_same(plain, again);
    CHECK(again.error != "none");
    CHECK(again.losses.size() > 1);
  }
  SECTION("a value leaves the support") {
    const auto model = [] {
      const Tensor mu = sample("mu", dist::Normal(1, 0.2));
      sample("y", dist::Normal(mu, 1), {.obs = kSchools - 30});
      sample("z", dist::Exponential(1), {.obs = mu});
    };
    const History plain = fit_of(model, kAutoNormal, 200, false, {}, 0.3);
    const History again = fit_of(model, kAutoNormal, 200, true, {}, 0.3);
    check_same(plain, again);
    CHECK(has(again.error, "site 'z'"));
    CHECK(again.losses.size() > 1);
  }
  SECTION("a matrix that nobody needs is no longer positive definite") {
    const auto model = [] {
      const Tensor mu = sample("mu", dist::Normal(0, 0.3));
      const Tensor one = 1 + 0 * mu;
      const Tensor m = stack({stack({one, mu + 0.8}, 0), stack({mu + 0.8, one}, 0)}, 0);
      deterministic("L", cholesky(m));
      sample("y", dist::Normal(mu, kErrors), {.obs = kSchools / 100});
    };
    const History plain = fit_of(model, kAutoNormal, 100, false, {}, 0.3);
    const History again = fit_of(model, kAutoNormal, 100, true, {}, 0.3);
    check_same(plain, again);
    CHECK(has(again.error, "positive definite"));
    CHECK(again.losses.size() > 1);
  }
  SECTION("a row leaves the simplex") {
    const auto model = [] {
      const Tensor p = param("p", tensor({0.2, 0.3, 0.5}));
      sample("p", dist::Dirichlet(tensor({2, 3, 4})), {.obs = p});
    };
    const auto nothing = [](auto&) { return [] {}; };
    const History plain = fit_of(model, nothing, 20, false);
    const History again = fit_of(model, nothing, 20, true);
    check_same(plain, again);
    INFO(again.error);
    CHECK(has(again.error, "site 'p'"));
    CHECK(again.error != "none");
  }
  SECTION("validation is switched on on the way") {
    const auto error_with = [](bool record_once) {
      begin(31);
      const auto model = [] {
        const Tensor mu = sample("mu", dist::Normal(0.3, 0.1));
        sample("x", dist::Normal(mu, 1), {.obs = -5.0});
        sample("z", dist::Exponential(1), {.obs = mu});
      };
      infer::AutoNormal guide(model);
      infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}),
                     infer::TraceELBO({.record_once = record_once}));
      enable_validation(false);
      svi.run(3, {});
      enable_validation(true);
      return error_of([&] { svi.run(200, {}); });
    };
    CHECK(has(error_with(false), "site 'z'"));
    CHECK(error_with(true) == error_with(false));
  }
  SECTION("the loss overflows") {
    const auto model = [] {
      sample("mu", dist::Normal(0, 5));
      factor("up", Real(1e-300) * exp(param("b", 700.0)));
    };
    const History plain = fit_of(model, kAutoNormal, 200, false, {}, 0.5);
    const History again = fit_of(model, kAutoNormal, 200, true, {}, 0.5);
    check_same(plain, again);
    CHECK(again.error != "none");
    CHECK(again.losses.size() > 1);
  }
}

TEST_CASE("a recorded step follows the parameter store, and draws as the program does") {
  const auto fit = [](bool record_once) {
    begin(23);
    int executions = 0;
    const auto model = [&] {
      ++executions;
      eight_schools();
    };
    infer::AutoNormal guide(model);
    infer::SVI svi(model, guide, infer::Adam({.lr = 0.1}),
                   infer::TraceELBO({.record_once = record_once}));
    std::vector<Real> losses;
    const auto steps = [&] {
      for (int i = 0; i < 5; ++i) losses.push_back(svi.step());
    };
    steps();
    // a value that somebody holds is not written to
    const Tensor held = param_store().get("AutoNormal.locs.z");
    const Tensor copy = tensor_of({held.data().begin(), held.data().end()}, held.shape());
    steps();
    CHECK(is_same(held, copy));
    CHECK_FALSE(is_same(held, param_store().get("AutoNormal.locs.z")));
    param_store().set("AutoNormal.locs.mu", 3.5);
    steps();
    losses.push_back(svi.evaluate_loss());
    losses.push_back(guide.median()["mu"].item());
    steps();
    set_rng_seed(41);
    steps();
    param_store().clear();
    steps();
    return std::pair(losses, executions);
  };
  const auto [plain, all] = fit(false);
  const auto [again, few] = fit(true);
  REQUIRE(plain.size() == again.size());
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(same_bits(plain[i], again[i]));
  CHECK(few < all - 10);
}

TEST_CASE("a recorded step takes nothing from the heap") {
  if (!kCountsAllocations) return;
  begin(29);
  infer::AutoNormal guide(eight_schools);
  infer::SVI svi(eight_schools, guide, infer::Adam({.lr = 0.1}),
                 infer::TraceELBO({.record_once = true}));
  for (int i = 0; i < 3; ++i) svi.step();
  const std::size_t before = allocations();
  for (int i = 0; i < 20; ++i) svi.step();
  CHECK(allocations() == before);
}
