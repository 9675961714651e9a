// What is found out about data once, and what sums show by themselves: no number that counts and is
// not allowed gets by, whatever was looked at before.
#include <limits>
#include <string>
#include <vector>

#include <ember/core/node.hpp>
#include <ember/distributions/family.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;

namespace {

constexpr Index kN = 200;  // enough for what is found out to be kept

std::vector<Real> counts() {
  std::vector<Real> y(kN);
  for (Index i = 0; i < kN; ++i) y[static_cast<std::size_t>(i)] = static_cast<Real>(i % 4);
  return y;
}

Mask all_but(const std::vector<Index>& hidden) {
  std::vector<bool> kept(kN, true);
  for (const Index i : hidden) kept[static_cast<std::size_t>(i)] = false;
  return mask_of(kept, {kN});
}

}  // namespace

TEST_CASE("data are looked at anew under another mask") {
  std::vector<Real> numbers = counts();
  numbers[17] = -1;
  numbers[90] = Real(0.5);
  const Tensor y = tensor_of(numbers, {kN});
  const dist::Poisson d({.rate = Tensor(2.0)});
  const Mask neither = all_but({17, 90}), first = all_but({90}), second = all_but({17});
  for (int round = 0; round < 3; ++round) {
    CHECK(std::isfinite(d.log_prob_sum(y, neither).item()));
    check_error([&] { d.log_prob_sum(y, first); }, {"value[17] = -1"});
    check_error([&] { d.log_prob_sum(y, second); }, {"value[90] = 0.5"});
    check_error([&] { d.log_prob_sum(y); }, {"value[17] = -1"});
    check_error([&] { d.log_prob(y); }, {"value[17] = -1"});
  }
}

TEST_CASE("data are looked at anew for another family and other bounds") {
  const Tensor y = tensor_of(counts(), {kN});
  for (int round = 0; round < 2; ++round) {
    CHECK(std::isfinite(dist::Poisson({.rate = Tensor(2.0)}).log_prob_sum(y).item()));
    CHECK(
        std::isfinite(dist::Categorical({.logits = tensor({0, 1, 2, 3})}).log_prob_sum(y).item()));
    check_error(
        [&] {
          dist::Categorical({.logits = tensor({0, 1, 2})}).log_prob_sum(y);
        },
        {"value[3] = 3"});
    check_error([&] { dist::Bernoulli({.logits = Tensor(0.0)}).log_prob_sum(y); },
                {"value[2] = 2"});
  }
}

TEST_CASE("numbers that are written anew are looked at anew") {
  Tensor y = tensor_of(counts(), {kN});
  const dist::Poisson d({.rate = Tensor(2.0)});
  CHECK(std::isfinite(d.log_prob_sum(y).item()));
  detail::own_values(y)[5] = -3;
  check_error([&] { d.log_prob_sum(y); }, {"value[5] = -3"});
}

TEST_CASE("sums show parameters that are not allowed") {
  const Real infinity = std::numeric_limits<Real>::infinity();
  const Real bad[] = {0, -1, -infinity, std::numeric_limits<Real>::quiet_NaN()};
  int shown = 0;
  for (const dist::FamilyInfo* info : dist::all_families()) {
    for (std::size_t k = 0; k < info->parameters.size(); ++k) {
      if (!info->parameters[k].shows_in_sum) continue;
      ++shown;
      for (const Index n : {1, 8, 600}) {
        for (const Real number : bad) {
          for (const Real at : {Real(0.5), Real(3)}) {  // of the value
            INFO(info->name << "." << info->parameters[k].name << " = " << number << ", n " << n);
            const Index where = n / 2;
            std::vector<Real> numbers(static_cast<std::size_t>(n), Real(1.5));
            numbers[static_cast<std::size_t>(where)] = number;
            std::vector<Tensor> values(info->parameters.size(), Tensor(0.5));
            values[k] = tensor_of(numbers, {n});
            const dist::Distribution d = info->make(values);
            const Tensor y = full({n}, at);
            const std::string wanted =
                std::string(info->parameters[k].name) + "[" + std::to_string(where) + "]";
            check_error([&] { d.log_prob_sum(y); }, {wanted.c_str()});
            check_error([&] { d.log_prob(y); }, {wanted.c_str()});
            check_error(
                [&] {
                  value_and_grad(
                      [&](std::span<const Tensor> in) {
                        std::vector<Tensor> with = values;
                        with[k] = in[0];
                        return info->make(with).log_prob_sum(y);
                      },
                      {values[k]});
                },
                {wanted.c_str()});
            std::vector<Tensor> uniform = values;
            uniform[k] = Tensor(number);
            check_error([&] { info->make(uniform).log_prob_sum(y); },
                        {info->parameters[k].name, " must be positive"});
            // behind a mask it is not looked at
            std::vector<bool> kept(static_cast<std::size_t>(n), true);
            kept[static_cast<std::size_t>(where)] = false;
            CHECK(std::isfinite(d.log_prob_sum(y, mask_of(kept, {n})).item()));
          }
        }
      }
    }
  }
  CHECK(shown == 8);
}
