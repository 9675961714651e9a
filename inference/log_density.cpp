#include <ember/inference/log_density.hpp>

#include <ember/core/error.hpp>
#include <ember/core/nearest.hpp>

namespace ember::inference {

Tensor log_joint(FunctionRef<void()> program, const Values& values) {
  handlers::TraceHandler tracer;
  handlers::ConditionHandler condition(values);
  tracer.run([&] {
    const detail::Pushed conditioned(condition);
    program();
  });
  for (const Site& site : tracer.get()) {
    if (site.kind != SiteKind::latent) continue;
    fail("site '" + site.name.str() + "'", "is latent, and no value was given for it",
         detail::did_you_mean(site.name, names_of(values)) +
             "log_density needs the values of all latent sites");
  }
  return tracer.get().log_prob_sum();
}

}  // namespace ember::inference
