#include <ember/inference/log_density.hpp>

#include <ember/core/error.hpp>

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
         "log_density needs the values of all latent sites");
  }
  return tracer.get().log_prob_sum();
}

}  // namespace ember::inference
