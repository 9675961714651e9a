#include <ember/inference/init.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/core/tape.hpp>
#include <ember/distributions/biject_to.hpp>

namespace ember::inference {
namespace {

Shape value_shape(const Message& site) {
  return concatenate(site.distribution.batch_shape(), site.distribution.event_shape());
}

// The image of a point that is the same for all coordinates, or drawn.
Tensor from_unconstrained(const Message& site, double radius) {
  const auto transform = detail::biject_to_support(site.distribution.support());
  const Shape shape = transform.inverse_shape(value_shape(site));
  if (radius == 0) return transform(zeros(shape));
  const Tensor u = detail::standard_uniform(detail::next_key(site.name), shape);
  return transform((2 * u - 1) * static_cast<Real>(radius));
}

// Draws of a site, many of them in a tensor unless these are large: what a draw needs beside its
// result is as large as that.
std::vector<Tensor> draws_of(const Message& site, Index count) {
  constexpr Index kLarge = Index{1} << 21U;
  const Index n = std::max<Index>(value_shape(site).numel(), 1);
  const Index at_once = std::clamp<Index>(kLarge / n, 1, count);
  std::vector<Tensor> draws;
  for (Index done = 0; done < count; done += at_once) {
    draws.push_back(site.distribution.sample(site.name, {std::min(at_once, count - done)}));
  }
  return draws;
}

}  // namespace

Init init_to_median(Index num_samples) {
  if (num_samples < 1) {
    fail("init_to_median", "there is no median of " + std::to_string(num_samples) + " draws",
         "num_samples is 1 or more");
  }
  return [num_samples](const Message& site) {
    const std::vector<Tensor> draws = draws_of(site, num_samples);
    const Shape shape = value_shape(site);
    detail::Node* out = detail::new_constant(shape);
    Tensor median(out);
    std::vector<Real> column(static_cast<std::size_t>(num_samples));
    for (Index i = 0; i < out->numel; ++i) {
      auto next = column.begin();
      for (const Tensor& some : draws) {
        const auto numbers = some.data();
        for (auto at = static_cast<std::size_t>(i); at < numbers.size();
             at += static_cast<std::size_t>(out->numel)) {
          *next++ = numbers[at];
        }
      }
      const auto middle = column.begin() + num_samples / 2;
      std::nth_element(column.begin(), middle, column.end());
      out->value[i] = *middle;
    }
    // A median of each coordinate need not lie in the support: a simplex is normalised.
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
      const distributions::Distribution& d = site.distribution;
      const Tensor mean = d.mean();
      const Mask known =
          isfinite(mean) & d.own_mask().unsqueeze_right(d.event_shape().rank() - d.reinterpreted());
      return known.is_all() ? mean : where(known, mean, median(site));
    } catch (const Error&) {
      // a family without a mean in closed form
    }
    return median(site);
  };
}

Init init_to_value(Values values, Init otherwise) {
  std::vector<std::string> sites = names_of(values);
  sites.insert(sites.end(), otherwise.sites().begin(), otherwise.sites().end());
  const auto value = [values = std::move(values),
                      otherwise = std::move(otherwise)](const Message& site) {
    const auto found = values.find(site.name.str());
    return found == values.end() ? otherwise(site) : found->second;
  };
  return {value, std::move(sites)};
}

Init init_to_uniform(double radius) {
  if (!(radius >= 0) || !std::isfinite(radius)) {
    fail("init_to_uniform", "the radius is " + detail::text_of_number(radius),
         "it is 0 or more, and finite");
  }
  return [radius](const Message& site) { return from_unconstrained(site, radius); };
}

Init init_to_feasible() {
  return [](const Message& site) { return from_unconstrained(site, 0); };
}

}  // namespace ember::inference
