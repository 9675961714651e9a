#include <ember/inference/log_likelihood.hpp>

#include <ember/core/error.hpp>
#include <ember/core/nearest.hpp>
#include <ember/handlers/replay.hpp>
#include <ember/inference/score.hpp>

namespace ember::inference {

Values log_likelihoods(FunctionRef<void()> program, const Values& draws) {
  Draws result;
  const Index n = count_of(draws);
  for (Index i = 0; i < n; ++i) {
    const Trace latents = row_of(draws, i);
    handlers::TraceHandler tracer;
    handlers::ReplayHandler replay(latents);
    tracer.run([&] {
      const detail::Pushed replayed(replay);
      program();
    });
    for (const Site& site : tracer.get()) {
      if (site.kind == SiteKind::observed) {
        result.add(site.name.str(), site.unscaled_log_prob());
      } else if (site.kind == SiteKind::latent && !latents.contains(site.name) &&
                 !is_drawn_by_model(site, latents)) {
        fail("site '" + site.name.str() + "'", "is latent, and there are no draws of it",
             detail::did_you_mean(site.name, names_of(draws)) +
                 "log_likelihood needs draws of all latent sites");
      }
    }
  }
  return result.stack();
}

}  // namespace ember::inference
