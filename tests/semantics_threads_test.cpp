// What exactly random numbers, process and threads have to do with each other: a claim a test.
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ember/ember.hpp>

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <ember/core/random.hpp>
#include <ember/core/sanitizer.hpp>
#include <ember/core/tape.hpp>
#include <ember/core/threads.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

template <class F>
void in_thread(F f) {
  std::thread(f).join();
}

// The number that f gives in a copy of this process.
template <class F>
[[maybe_unused]] std::uint64_t in_child(F f) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::uint64_t number = f();
    _exit(write(ends[1], &number, sizeof number) == sizeof number ? 0 : 1);
  }
  std::uint64_t number = 0;
  CHECK(read(ends[0], &number, sizeof number) == sizeof number);
  waitpid(child, nullptr, 0);
  close(ends[0]);
  close(ends[1]);
  return number;
}

// What static initialisation may ask for, before that of the library too.
const int threads_early = num_threads();

}  // namespace

TEST_CASE("the main thread has its threads before main begins, others have one") {
  CHECK(threads_early == omp_get_max_threads());
  CHECK(num_threads() == threads_early);
  in_thread([] { CHECK(num_threads() == 1); });
}

TEST_CASE("a draw does not depend on other sites, nor on the order in which they come") {
  const auto draw = [](bool others) {
    set_rng_seed(5);
    if (others) sample("other", dist::Normal(zeros({7}), 1));
    const Tensor x = sample("x", dist::Normal(zeros({3}), 1));
    return x;
  };
  CHECK(same_bits(draw(true), draw(false)));
  set_rng_seed(5);
  const Tensor first = sample("x", dist::Normal(zeros({3}), 1));
  const Tensor again = sample("x", dist::Normal(zeros({3}), 1));
  CHECK_FALSE(same_bits(first, again));
}

TEST_CASE("eight threads trace and fit the same model at once") {
  param_store().clear();
  const Mask seen = mask_of({true, false, true, true});
  const Tensor y = tensor({1.0, kNaN, 2.0, 0.5});
  const auto model = [&] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    const Tensor w = param("shared", tensor({0.5}));
    plate p("p", 4);
    with inside(h::mask(seen & Mask(true)));
    sample("y", dist::Normal(mu + w, 1), {.obs = y});
  };
  std::vector<Real> joints(8);
  std::vector<Real> gradients(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 50; ++k) {
        const auto [value, grads] = value_and_grad(
            [&](std::span<const Tensor> in) {
              return h::trace(h::condition(h::seed(model, 3), {{"mu", in[0]}}))
                  .get_trace()
                  .log_prob_sum();
            },
            {Real(0.3)});
        joints[i] = value;
        gradients[i] = grads[0].item();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (std::size_t i = 1; i < 8; ++i) {
    CHECK(joints[i] == joints[0]);
    CHECK(gradients[i] == gradients[0]);
  }
}

TEST_CASE("after an error the runtime is as before: stack empty, tape clean, store unchanged") {
  param_store().clear();
  const auto model = [] {
    const Tensor w = param("w", 1.0);
    plate p("p", 3);
    with inside(h::scale(2));
    sample("x", dist::Normal(w, -1), {.obs = 0});
  };
  infer::SVI svi(
      model, [] {}, infer::Adam());
  for (int i = 0; i < 2; ++i) CHECK(has(error_of([&] { svi.step(); }), "'x'"));
  CHECK(detail::handler_depth() == 0);
  CHECK(detail::find_open_plate("p") == nullptr);
  CHECK_FALSE(detail::Tape::current().recording());
  CHECK(param_store().names().empty());
  param_store().set("w", 2.0);
  CHECK(has(error_of([&] { svi.step(); }), "'x'"));
  CHECK(param_store().get("w").item() == 2);
}

TEST_CASE("a loop over one statement draws afresh: the execution counts, since the last seed") {
  const auto model = [] {
    std::vector<Real> draws;
    for (int i = 0; i < 3; ++i) draws.push_back(sample("x", dist::Normal(0, 1)).item());
    return draws;
  };
  set_rng_seed(5);
  const std::vector<Real> first = model();
  CHECK(first[0] != first[1]);
  CHECK(first[1] != first[2]);
  const std::vector<Real> second = model();
  CHECK(second[0] != first[0]);
  set_rng_seed(5);
  CHECK(model() == first);
  const auto seeded = h::seed(model, 5);
  for (int i = 0; i < 2; ++i) CHECK(seeded() == first);
}

TEST_CASE("a draw outside of a model has the empty name") {
  const dist::Normal d(zeros({3}), 1);
  set_rng_seed(5);
  const Tensor first = d.sample();
  const Tensor second = d.sample();
  set_rng_seed(5);
  sample("x", d);
  CHECK(same_bits(d.sample(), first));
  CHECK(same_bits(detail::standard_normal(detail::next_key(""), {3}), second));
}

TEST_CASE("an element's draw does not depend on what its neighbours consume") {
  const auto third = [](const Tensor& rate) {
    set_rng_seed(9);
    return sample("x", dist::Poisson(rate)).at({2});
  };
  CHECK(third(tensor({2, 3, 40})) == third(tensor({5000, 0.1, 40})));
}

TEST_CASE("a thread without a seed draws from the process's seed and its own ordinal") {
  const auto draw = [] { return sample("semantics.thread", dist::Normal(0, 1)).item(); };
  std::vector<std::uint64_t> seeds(3);
  set_rng_seed(11);
  for (std::uint64_t& seed : seeds) in_thread([&] { seed = detail::random_state().seed; });
  CHECK(seeds[0] != seeds[1]);
  CHECK(seeds[1] != seeds[2]);
  CHECK(seeds[0] != 11);
#ifndef EMBER_HAS_TSAN
  // Forked processes agree in all ordinals.
  const auto of_process = [](std::uint64_t seed) {
    return in_child([seed] {
      set_rng_seed(seed);
      std::uint64_t of_thread = 0;
      in_thread([&] { of_thread = detail::random_state().seed; });
      return of_thread;
    });
  };
  CHECK(of_process(1) == of_process(1));
  CHECK(of_process(1) != of_process(2));
#endif
  // Neither a scope's seed nor another thread's is the process's.
  Real here = 0, there = 0;
  in_thread([&] {
    set_rng_seed(12);
    here = draw();
  });
  set_rng_seed(12);
  CHECK(draw() == here);
  const with inside(h::seed(12));
  in_thread([&] { there = draw(); });
  CHECK(there != here);
}

TEST_CASE("the stack of handlers and the open plates are the thread's own") {
  auto tracer = h::trace();
  const with inside(tracer, h::scale(3));
  const plate p("p", 4);
  std::size_t depth = 1, size = 0;
  bool is_open = true;
  in_thread([&] {
    depth = detail::handler_depth();
    is_open = detail::find_open_plate("p") != nullptr;
    const Trace t = h::trace([] { sample("x", dist::Normal(0, 1)); }).get_trace();
    size = t["x"].scale.is_one() ? t["x"].value.shape().rank() : 99;
    for (Index i : sequential_plate("t", 2)) sample("y", dist::Normal(static_cast<double>(i), 1));
  });
  CHECK(depth == 0);
  CHECK_FALSE(is_open);
  CHECK(size == 0);
  CHECK(tracer.get().empty());
}

TEST_CASE("validation is turned off for one thread") {
  const auto bad = [] { dist::Normal(0, -1).log_prob(0).item(); };
  bool elsewhere = false;
  enable_validation(false);
  in_thread([&] { elsewhere = validation_enabled() && has(error_of(bad), "scale"); });
  const std::string here = error_of(bad);
  enable_validation(true);
  CHECK(elsewhere);
  CHECK(here == "no error");
}

TEST_CASE("names and parameters are the process's: param may be called from any thread") {
  param_store().clear();
  const Name here("semantics.shared");
  std::vector<Tensor> values(8);
  std::vector<std::thread> threads;
  std::vector<int> same_name(8);
  for (std::size_t i = 0; i < values.size(); ++i) {
    threads.emplace_back([&, i] {
      values[i] = param("semantics.shared", full({2}, static_cast<Real>(i)));
      same_name[i] = Name(std::string("semantics.") + "shared") == here ? 1 : 0;
    });
  }
  for (std::thread& t : threads) t.join();
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(same_bits(values[i], param_store().get("semantics.shared")));
    CHECK(same_name[i] == 1);
  }
  CHECK(param_store().names().size() == 1);
}

TEST_CASE("two threads that optimise the store at once: one gets an error") {
  begin(1);
  std::string inner;
  const auto model = [&] {
    sample("a", dist::Normal(0, 1));
    std::thread([&] {
      const auto other = [] { sample("b", dist::Normal(0, 1)); };
      infer::AutoDelta guide(other, {.prefix = "Other"});
      infer::SVI svi(other, guide, infer::Adam());
      inner = error_of([&] { svi.step(); });
    }).join();
  };
  const auto guide = [] { sample("a", dist::Normal(param("loc", 0.0), 1)); };
  infer::SVI svi(model, guide, infer::Adam());
  svi.step();
  CHECK(has(inner, "at once"));
}
