#include <ember/inference/elbo.hpp>

#include <cmath>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>
#include <ember/handlers/replay.hpp>

namespace ember::inference {
namespace {

// The unobserved part of a partially observed discrete site: when no guide draws it, the model
// does, and its p and q cancel.
bool is_drawn_by_model(const Site& site) {
  return site.kind == SiteKind::latent && site.obs_mask &&
         site.distribution.support().is_discrete();
}

// Makes such a draw an input of the recording, so that after the reverse pass its adjoint's reach
// tells whether anything visible has read it.
class MarkDiscrete final : public handlers::Handler {
 public:
  void postprocess(Message& message) override {
    if (message.kind != Message::Kind::sample || message.is_observed || !message.obs_mask) return;
    if (!detail::Tape::current().recording()) return;
    if (message.distribution.support().is_discrete()) {
      message.value = detail::Recording::leaf(message.value);
    }
  }
};

std::string names_of(const Trace& trace) {
  std::string names;
  for (const Site& site : trace) {
    if (site.kind == SiteKind::latent) names += (names.empty() ? "" : ", ") + site.name.str();
  }
  return names.empty() ? "none" : names;
}

bool is_auxiliary(const Site& site) {
  const auto found = site.infer.find("is_auxiliary");
  return found != site.infer.end() && std::get<bool>(found->second);
}

void check_agreement(const Trace& model, const Trace& guide) {
  for (const Site& site : model) {
    if (site.kind != SiteKind::latent || guide.contains(site.name)) continue;
    if (is_drawn_by_model(site)) continue;
    fail("site '" + site.name.str() + "'", "is latent in the model, and the guide lacks it",
         "the guide's sites are " + names_of(guide) +
             (site.distribution.support().is_discrete()
                  ? "; a discrete site can't be drawn by an automatic guide"
                  : ""));
  }
  for (const Site& site : guide) {
    if (site.kind != SiteKind::latent || model.contains(site.name) || is_auxiliary(site)) continue;
    fail("site '" + site.name.str() + "'", "is drawn in the guide, and the model lacks it",
         "the model's latent sites are " + names_of(model) +
             "; mark it with .infer = {{\"is_auxiliary\", true}} if that is meant");
  }
}

void check_reparameterised(const Site& site) {
  if (site.kind != SiteKind::latent || site.distribution.has_rsample()) return;
  fail("site '" + site.name.str() + "'",
       site.distribution.name() + " has no reparameterised draws, which TraceELBO needs",
       "draw it from a continuous family, or sum it out");
}

}  // namespace

TraceELBO::TraceELBO(const TraceELBOOptions& options)
    : options_(options),
      model_tracer_(std::make_shared<handlers::TraceHandler>()),
      guide_tracer_(std::make_shared<handlers::TraceHandler>()) {
  if (options.num_particles < 1) {
    fail("TraceELBO", "num_particles is " + std::to_string(options.num_particles),
         "it must be at least 1");
  }
}

void TraceELBO::clear() {
  model_tracer_->get().clear();
  guide_tracer_->get().clear();
  if (draws_) draws_->trace().clear();
}

void TraceELBO::run(FunctionRef<void()> model, const GuideProgram& guide) {
  MarkDiscrete mark;
  if (guide.automatic != nullptr) {
    if (!draws_ || &draws_->guide() != guide.automatic) {
      draws_ = std::make_shared<GuideDraws>(*guide.automatic);
    }
    guide_trace_ = &draws_->trace();
    const detail::Pushed outside(*draws_);
    const detail::Pushed marked(mark);  // outside of the tracer, which is to see the marked value
    const detail::Pushed traced(*model_tracer_);
    model();
    return;
  }
  guide_trace_ = &guide_tracer_->get();
  {
    const detail::Pushed traced(*guide_tracer_);
    guide.run();
  }
  // shares the tracer's trace instead of copying it
  handlers::ReplayHandler replay(std::shared_ptr<const Trace>(guide_tracer_, guide_trace_));
  const detail::Pushed marked(mark);
  const detail::Pushed traced(*model_tracer_);
  const detail::Pushed replayed(replay);
  model();
}

Tensor TraceELBO::particle(FunctionRef<void()> model, const GuideProgram& guide) {
  run(model, guide);
  check_agreement(model_trace(), guide_trace());
  Tensor elbo;
  for (const Site& site : model_trace()) {
    if (!site.has_distribution()) continue;
    if (is_drawn_by_model(site) && !guide_trace().contains(site.name)) continue;
    elbo = elbo.defined() ? elbo + site.log_prob_sum() : site.log_prob_sum();
  }
  if (!elbo.defined()) elbo = Tensor(0.0);
  for (const Site& site : guide_trace()) {
    check_reparameterised(site);
    if (!site.has_distribution()) continue;
    if (guide.automatic != nullptr && !guide.automatic->has_density()) continue;
    elbo = elbo - site.log_prob_sum();
  }
  return elbo;
}

Tensor TraceELBO::estimate(FunctionRef<void()> model, const GuideProgram& guide) {
  Tensor total = particle(model, guide);
  for (Index i = 1; i < options_.num_particles; ++i) total = total + particle(model, guide);
  if (options_.num_particles == 1) return total;
  return total * (1 / static_cast<Real>(options_.num_particles));
}

}  // namespace ember::inference
