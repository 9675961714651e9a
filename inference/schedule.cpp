#include <ember/inference/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>

namespace ember::inference {
namespace {

void check_steps(const char* who, Index steps) {
  if (steps >= 1) return;
  fail(who, "a schedule of " + std::to_string(steps) + " steps", "it must be at least 1");
}

void check_factor(const char* who, double factor) {
  if (factor >= 0 && std::isfinite(factor)) return;
  fail(who, "a factor of " + detail::text_of_number(factor), "it must be finite and not negative");
}

}  // namespace

Schedule exponential(double gamma) {
  check_factor("exponential", gamma);
  return [gamma](Index t) { return std::pow(gamma, static_cast<double>(t)); };
}

Schedule stepwise(Index every, double gamma) {
  check_steps("stepwise", every);
  check_factor("stepwise", gamma);
  return [every, gamma](Index t) {
    const Index stage = t / every;
    return std::pow(gamma, static_cast<double>(stage));
  };
}

Schedule cosine(Index steps, double floor) {
  check_steps("cosine", steps);
  check_factor("cosine", floor);
  return [steps, floor](Index t) {
    const double done = static_cast<double>(std::min(t, steps)) / static_cast<double>(steps);
    return floor + (1 - floor) * (1 + std::cos(std::numbers::pi * done)) / 2;
  };
}

Schedule warm_up(Index steps, Schedule then) {
  check_steps("warm_up", steps);
  return [steps, then = std::move(then)](Index t) {
    if (t < steps) return static_cast<double>(t + 1) / static_cast<double>(steps);
    return then ? then(t - steps) : 1.0;
  };
}

RateOf rates(std::map<std::string, double> factors) {
  return [factors = std::move(factors)](const std::string& param) {
    const auto found = factors.find(param);
    return found == factors.end() ? 1.0 : found->second;
  };
}

}  // namespace ember::inference
