#include <ember/inference/predictive.hpp>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/handlers/condition.hpp>
#include <ember/handlers/replay.hpp>

namespace ember::inference::predictive {

Trace predict_once(FunctionRef<void()> model, const Trace* posterior, bool keep_observed) {
  handlers::TraceHandler tracer;
  handlers::UnconditionHandler uncondition(false);
  // the trace outlives the handler: it is shared without being owned
  handlers::ReplayHandler replay(std::shared_ptr<const Trace>(std::shared_ptr<void>(), posterior));
  const detail::Pushed traced(tracer);
  std::optional<detail::Pushed> replayed, drawn;
  if (posterior != nullptr) replayed.emplace(replay);
  if (!keep_observed) drawn.emplace(uncondition);
  model();
  drawn.reset();
  replayed.reset();
  return std::move(tracer.get());
}

void Draws::add(const Trace& trace) {
  ++count_;
  for (const Site& site : trace) {
    if (site.kind == SiteKind::param || site.kind == SiteKind::factor) continue;
    Column& column = columns_[site.name.str()];
    if (column.values.empty()) column.shape = site.value.shape();
    if (!(column.shape == site.value.shape())) {
      fail("Predictive",
           "site '" + site.name.str() + "' has shape " + to_string(column.shape) +
               " in one draw and " + to_string(site.value.shape()) + " in another",
           "draws can only be stacked where shapes stay the same");
    }
    column.values.insert(column.values.end(), site.value.data().begin(), site.value.data().end());
  }
}

Values Draws::stack() const {
  Values values;
  for (const auto& [name, column] : columns_) {
    values[name] = tensor(column.values, concatenate(Shape{count_}, column.shape));
  }
  return values;
}

Trace row_of(const Values& draws, Index i) {
  Values row;
  for (const auto& [name, values] : draws) row[name] = values[i];
  return handlers::latents(row);
}

Index count_of(const Values& draws) {
  if (draws.empty()) fail("Predictive", "there are no draws", "give one site's draws or more");
  const Tensor& first = draws.begin()->second;
  for (const auto& [name, values] : draws) {
    if (values.dim() == 0 || first.dim() == 0 || values.shape()[0] != first.shape()[0]) {
      fail("Predictive",
           "the draws of '" + name + "' have shape " + to_string(values.shape()) + ", those of '" +
               draws.begin()->first + "' " + to_string(first.shape()),
           "the first axis counts the draws");
    }
  }
  return first.shape()[0];
}

}  // namespace ember::inference::predictive
