// Kernels may use several threads; what comes out is the same to the last bit.
#include <cstring>
#include <thread>
#include <vector>

#include <ember/core/threads.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

// The number of threads until the end of a scope.
class Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { set_num_threads(before_); }

 private:
  int before_;
};

using Bits = std::vector<Real>;

bool same_bits(const Bits& a, const Bits& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

void append(Bits& bits, const Tensor& x) {
  bits.insert(bits.end(), x.data().begin(), x.data().end());
}

Mask strewn(const Shape& shape, double kept) {
  return dist::Uniform(0, 1).expand(shape).sample() < kept;
}

// Value and gradients of a sum and of the sum of squared elements, which have loops of their own.
template <class Density>
Bits of(Density density, const std::vector<Tensor>& inputs) {
  Bits bits;
  for (const bool is_total : {true, false}) {
    const ValueAndGrad result = value_and_grad(
        [&](std::span<const Tensor> in) {
          return is_total ? density(in).second : sum(square(density(in).first));
        },
        inputs);
    append(bits, result.value);
    for (const Tensor& g : result.grads) append(bits, g);
  }
  return bits;
}

template <class Run>
void check_same(Run run) {
  Bits one;
  {
    const Threads threads(1);
    one = run();
  }
  CHECK(one.size() > 1);
  for (const int n : {2, 3, 4}) {
    const Threads threads(n);
    INFO(n << " threads");
    CHECK(same_bits(run(), one));
  }
}

}  // namespace

TEST_CASE("densities are the same for any number of threads: elements") {
  begin(31);
  constexpr Index kN = 150'001;
  const Tensor y = dist::Normal(0, 1).expand({kN}).sample();
  const Tensor loc = dist::Normal(0, 1).expand({kN}).sample();
  for (const double kept : {1.0, 0.9, 0.5, 0.2, 0.02}) {
    const Mask mask = kept == 1 ? Mask(true) : strewn({kN}, kept);
    INFO(kept << " kept");
    for (const Tensor& scale : {Tensor(1.3), exp(y * 0.1)}) {
      check_same([&] {
        return of(
            [&](std::span<const Tensor> in) {
              const auto d = dist::Normal(in[0], in[1]);
              return std::pair(d.log_prob(y, mask), d.log_prob_sum(y, mask));
            },
            {loc, scale});
      });
    }
  }
}

TEST_CASE("densities are the same for any number of threads: parameters of rows and columns") {
  begin(32);
  const Shape shape{700, 300};
  const Tensor y = dist::Normal(0, 1).expand(shape).sample();
  const Tensor rows = dist::Normal(0, 1).expand({700, 1}).sample();
  const Tensor columns = exp(dist::Normal(0, 0.1).expand({300}).sample());
  check_same([&] {
    return of(
        [&](std::span<const Tensor> in) {
          const auto d = dist::Normal(in[0], in[1]);
          return std::pair(d.log_prob(y), d.log_prob_sum(y));
        },
        {rows, columns});
  });
}

TEST_CASE("densities are the same for any number of threads: rows of a Categorical") {
  begin(33);
  const Shape shape{300, 100};
  const Tensor logits = dist::Normal(0, 1).expand({300, 100, 5}).sample();
  const Tensor y = dist::Categorical({.logits = logits}).sample();
  for (const double kept : {1.0, 0.6, 0.4}) {
    const Mask mask = kept == 1 ? Mask(true) : strewn(shape, kept);
    INFO(kept << " kept");
    check_same([&] {
      return of(
          [&](std::span<const Tensor> in) {
            const auto d = dist::Categorical({.logits = in[0]});
            return std::pair(d.log_prob(y, mask), d.log_prob_sum(y, mask));
          },
          {logits});
    });
  }
}

TEST_CASE("steps of SVI are the same for any number of threads") {
  constexpr Index kN = 200'000;
  check_same([&] {
    begin(34);
    const Tensor y = dist::Normal(0, 1).expand({kN}).sample();
    const Mask seen = strewn({kN}, 0.7);
    const auto model = [&] {
      plate rows("rows", kN);
      const Tensor z = sample("z", dist::Normal(0, 1));
      sample("y", dist::Normal(z, 0.5).mask(seen), {.obs = y});
    };
    infer::AutoNormal guide(model);
    infer::SVI svi(model, guide, infer::Adam({.lr = 0.01}));
    Bits bits;
    for (int i = 0; i < 3; ++i) bits.push_back(svi.step());
    for (const std::string& name : param_store().names()) append(bits, param_store().get(name));
    return bits;
  });
}

TEST_CASE("a thread that is not the main one uses one thread, unless it asks for more") {
  int by_default = 0, chosen = 0;
  std::thread([&] {
    by_default = num_threads();
    set_num_threads(3);
    chosen = num_threads();
  }).join();
  CHECK(by_default == 1);
  CHECK(chosen == 3);
  CHECK(num_threads() >= 1);
  CHECK_THROWS_WITH(set_num_threads(0), Catch::Contains("there is at least one"));
}
