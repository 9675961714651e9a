// The parts of a report's content.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <ember/inference/draws.hpp>
#include <ember/inference/fit.hpp>

namespace ember::inference::report {

/// A number of seven digits, which is enough to look at; "NaN", "Infinity", "-Infinity".
nlohmann::json number(double value);
nlohmann::json sizes(const Shape& shape);

/// Statistics of what is visible, and the form in which it is seen: a number, a vector of few
/// numbers, a histogram of many, a grid where there are rows and columns.
nlohmann::json values_content(const Tensor& values, const Mask& visible, Index limit);
/// Equal bins over what is visible and finite; one for each whole number where there are few.
nlohmann::json histogram(std::span<const double> values);

nlohmann::json site_content(const Site& site, Index limit);

/// The losses in at most kMaxSteps stretches of steps: lowest, highest, and a moving mean.
nlohmann::json fit_content(const Fit& fit);
inline constexpr Index kMaxSteps = 800;

/// Quantiles 0.05, 0.25, 0.5, 0.75, 0.95 of at most kMaxRows elements, fairly spread over the
/// sites, in the trace's order; of those that draws are estimates of.
nlohmann::json draws_content(const Values& draws, const Trace& trace);
inline constexpr Index kMaxRows = 6000;

}  // namespace ember::inference::report
