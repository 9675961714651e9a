// The entropy of a distribution over counts, as a sum over those that have mass.
#pragma once

#include <ember/distributions/cdf_forms.hpp>

namespace ember::distributions {

/// A number and its derivative by a parameter.
struct WithSlope {
  double value, slope;
};

/// H = -sum_k p(k) log p(k) and its derivative. `log_mass` gives log p(k), with its own; p falls on
/// both sides of about the mean of `counts`, and the sum goes as far as it has terms that count.
/// NaN where the mean is, or is so large that counts are no longer told apart.
WithSlope entropy_of_counts(const Counts& counts, FunctionRef<WithSlope(double)> log_mass);

/// The same of a family that brings Mass::density(k, parameter ..) and Cdf::counts(parameter ..),
/// with its derivative by the last parameter.
template <class Mass, class Cdf, class... Parameters>
WithSlope entropy_of_counts(Parameters... parameters) {
  return entropy_of_counts(Cdf::counts(parameters...), [=](double k) -> WithSlope {
    const auto at = Mass::density(k, parameters...);
    return {at.log_prob, at.partial[sizeof...(Parameters)]};
  });
}

}  // namespace ember::distributions
