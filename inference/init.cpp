#include <ember/inference/init.hpp>

#include <algorithm>
#include <cmath>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/distributions/biject_to.hpp>

namespace ember::inference {
namespace {

Shape value_shape(const Message& site) {
  return concatenate(site.distribution.batch_shape(), site.distribution.event_shape());
}

// The image of a point that is the same for all coordinates, or drawn.
Tensor from_unconstrained(const Message& site, double radius) {
  const auto transform = biject_to(site.distribution.support());
  const Shape shape = transform.inverse_shape(value_shape(site));
  if (radius == 0) return transform(zeros(shape));
  const Tensor u = detail::standard_uniform(detail::next_key(site.name), shape);
  return transform((2 * u - 1) * static_cast<Real>(radius));
}

}  // namespace

Init init_to_median(Index num_samples) {
  return [num_samples](const Message& site) {
    const Tensor draws = site.distribution.sample(site.name, {num_samples});
    const Index n = draws.numel() / num_samples;
    std::vector<Real> medians;
    std::vector<Real> column(static_cast<std::size_t>(num_samples));
    for (Index i = 0; i < n; ++i) {
      for (Index s = 0; s < num_samples; ++s) {
        column[static_cast<std::size_t>(s)] = draws.data()[static_cast<std::size_t>(s * n + i)];
      }
      const auto middle = column.begin() + num_samples / 2;
      std::nth_element(column.begin(), middle, column.end());
      medians.push_back(*middle);
    }
    // A median of each coordinate need not lie in the support: a simplex is normalised.
    Tensor median = tensor(medians, value_shape(site));
    if (site.distribution.support().kind() == Constraint::Kind::simplex) {
      median = median / sum(median, -1, true);
    }
    return median;
  };
}

Init init_to_sample() {
  return [](const Message& site) { return site.distribution.sample(site.name, {}); };
}

Init init_to_mean() {
  return [median = init_to_median()](const Message& site) {
    try {
      const Tensor mean = site.distribution.mean();
      if (isfinite(mean).is_all()) return mean;
    } catch (const Error&) {
      // a family without a mean in closed form
    }
    return median(site);
  };
}

Init init_to_value(Values values, Init otherwise) {
  return [values = std::move(values), otherwise = std::move(otherwise)](const Message& site) {
    const auto found = values.find(site.name.str());
    return found == values.end() ? otherwise(site) : expand(found->second, value_shape(site));
  };
}

Init init_to_uniform(double radius) {
  return [radius](const Message& site) { return from_unconstrained(site, radius); };
}

Init init_to_feasible() {
  return [](const Message& site) { return from_unconstrained(site, 0); };
}

}  // namespace ember::inference
