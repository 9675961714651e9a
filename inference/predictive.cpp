#include <ember/inference/predictive.hpp>

#include <algorithm>
#include <cmath>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/handlers/condition.hpp>
#include <ember/handlers/plate.hpp>
#include <ember/handlers/replay.hpp>
#include <ember/inference/infer_option.hpp>

namespace ember::inference::predictive {
namespace {

constexpr const char* kReturn = "_RETURN";

// A model's execution: its sites and what it returned.
struct Execution {
  Trace trace;
  Tensor returned;

  // The values of latent, observed and deterministic sites, and what was returned.
  Values values() const {
    Values all;
    for (const Site& site : trace) {
      if (site.kind == SiteKind::param || site.kind == SiteKind::factor) continue;
      all[site.name.str()] = site.value;
    }
    if (returned.defined()) all[kReturn] = returned;
    return all;
  }
};

// One execution at the latents of `posterior` (drawn from the prior where null).
Execution execute(Model model, const Trace* posterior, bool keep_observed) {
  Execution result;
  handlers::TraceHandler tracer;
  handlers::UnconditionHandler uncondition(false);
  std::optional<handlers::ReplayHandler> replay;
  if (posterior != nullptr) replay.emplace(*posterior);
  tracer.run([&] {
    // an observed site passes the replay before it is drawn anew
    std::optional<detail::Pushed> drawn, replayed;
    if (!keep_observed) drawn.emplace(uncondition);
    if (replay) replayed.emplace(*replay);
    result.returned = model();
  });
  result.trace = std::move(tracer.get());
  return result;
}

void check_count(Index n) {
  if (n >= 1) return;
  fail("Predictive", std::to_string(n) + " draws are asked for", "there must be at least 1");
}

// Adds the members that another trace's subsampled plates have chosen.
void add_members(Trace& trace, const Trace& other) {
  for (const TracePlate& plate : other.plates()) {
    if (plate.indices && trace.find_plate(plate.frame.name) == nullptr) trace.add(plate);
  }
}

// How many batch dims the sites and plates of a trace take.
std::size_t depth_of(const Trace& trace) {
  std::size_t depth = 0;
  for (const TracePlate& plate : trace.plates()) {
    depth = std::max(depth, static_cast<std::size_t>(-plate.frame.dim));
  }
  for (const Site& site : trace) {
    if (!site.has_distribution()) continue;
    depth = std::max(depth, site.distribution.batch_shape().rank());
  }
  return depth;
}

// Draws of latent sites with the axis that counts them at the plate's dim.
Values at_plate(const Values& draws, const Trace& prototype, std::size_t depth) {
  Values result;
  for (const auto& [name, values] : draws) {
    const Site* site = prototype.find(Name(name));
    if (site == nullptr || site->kind != SiteKind::latent) continue;
    if (infer_option(*site, "was_observed", false)) continue;
    const Shape rest = values.shape().after(1);
    const std::size_t event_dim = site->distribution.event_shape().rank();
    if (rest.rank() < event_dim || rest.rank() - event_dim > depth) {
      fail("draws",
           "those of '" + name + "' have shape " + to_string(values.shape()) +
               ", and the site's value has shape " + to_string(site->value.shape()),
           "the first axis counts the draws, the others are the site's");
    }
    Shape shape{values.shape()[0]};
    for (std::size_t k = rest.rank() - event_dim; k < depth; ++k) shape.push_back(1);
    result[name] = values.reshape(concatenate(shape, rest));
  }
  return result;
}

bool same_number(Real a, Real b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// A value of all draws together in the shape of n stacked ones, given that of one draw. What
// depends on no draw is the same there.
Tensor stacked(const std::string& name, const Tensor& value, const Tensor& of_one, Index n) {
  const Shape& one = of_one.shape();
  const Shape wanted = concatenate(Shape{n}, one);
  if (value.shape() == one && std::ranges::equal(value.data(), of_one.data(), same_number)) {
    return expand(value, wanted);
  }
  if (value.dim() > 0 && value.shape()[0] == n && value.numel() == wanted.numel()) {
    return value.reshape(wanted);
  }
  fail("Predictive",
       "'" + name + "' has shape " + to_string(value.shape()) + " for " +
           detail::counted(n, "draw") + " in parallel, and " + to_string(one) + " for one draw",
       "the model does not broadcast over draws: leave .parallel out");
}

}  // namespace

Values one_by_one(Model model, Posterior posterior, Index n, bool keep_observed) {
  check_count(n);
  Draws draws;
  for (Index i = 0; i < n; ++i) {
    const std::optional<Trace> latents = posterior(i);
    const Execution one = execute(model, latents ? &*latents : nullptr, keep_observed);
    for (const auto& [name, value] : one.values()) draws.add(name, value);
  }
  return draws.stack();
}

Values in_parallel(Model model, const FunctionRef<void()>* guide, const Values* draws, Index n,
                   bool keep_observed) {
  check_count(n);
  // A first draw shows the shapes, and chooses the members of subsampled plates for all.
  std::optional<Trace> latents;
  if (draws != nullptr) latents = row_of(*draws, 0);
  if (guide != nullptr) latents = handlers::trace([&] { (*guide)(); }).get_trace();
  const Execution one = execute(model, latents ? &*latents : nullptr, keep_observed);
  const std::size_t depth = std::max(
      depth_of(one.trace), guide != nullptr && latents ? depth_of(*latents) : std::size_t{0});

  const auto all_draws = [&](auto&& run) {
    const plate outer("_num_predictive_samples", n, {.dim = -static_cast<Index>(depth) - 1});
    return run();
  };
  Trace given;
  if (latents) add_members(given, *latents);
  if (draws != nullptr) given = handlers::latents(at_plate(*draws, one.trace, depth));
  if (guide != nullptr) {
    const auto of_members = handlers::replay(*guide, given);
    given = handlers::trace([&] { all_draws(of_members); }).get_trace();
  }
  add_members(given, one.trace);
  const auto in_plate = [&] { return all_draws([&] { return model(); }); };
  const Execution all = execute(in_plate, &given, keep_observed);

  const Values of_one = one.values();
  Values result;
  for (const auto& [name, value] : all.values()) {
    const auto found = of_one.find(name);
    if (found == of_one.end()) {
      fail("site '" + name + "'", "is there for some draws and not for others",
           "leave .parallel out");
    }
    result[name] = stacked(name, value, found->second, n);
  }
  return result;
}

}  // namespace ember::inference::predictive
