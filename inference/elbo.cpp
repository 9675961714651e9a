#include <ember/inference/elbo.hpp>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reads.hpp>
#include <ember/core/tape.hpp>
#include <ember/core/total.hpp>
#include <ember/distributions/family.hpp>
#include <ember/handlers/replay.hpp>
#include <ember/inference/infer_option.hpp>
#include <ember/inference/latent_names.hpp>

namespace ember::inference {
namespace {

// Makes the draws of discrete unobserved parts inputs of the recording, so that it can be told who
// reads them.
class MarkDiscrete final : public handlers::Handler {
 public:
  void postprocess(Message& message) override {
    if (message.kind != Message::Kind::sample || message.is_observed || !message.obs_mask) return;
    if (!detail::Tape::current().recording()) return;
    if (message.distribution.support().is_discrete()) {
      message.value = detail::Recording::leaf(message.value);
      detail::watch_reads(message.value.node());
    }
  }
};

// A site's value has the shape of its distribution, and may repeat it as its masks do.
void check_shape(const Site& site) {
  const distributions::Distribution& d = site.distribution;
  const Shape event = d.family().event_shape();
  const Shape& elements = d.element_shape();
  if (event.rank() == 0 && site.value.shape() == elements) return;
  if (site.value.shape() == concatenate(elements, event)) return;
  const Shape masked = broadcast_shapes(elements, site.outer_mask().shape(), "mask");
  if (site.value.shape() == concatenate(masked, event)) return;
  fail_at_site(site.name, site.place,
               "the guide draws shape " + to_string(site.value.shape()) +
                   ", and the model's site has shape " + to_string(concatenate(elements, event)),
               "they must be the same; an automatic guide keeps the sizes of its first step, and "
               "for others there must be another guide");
}

void check_agreement(const Trace& model, const Trace& guide) {
  for (const Site& site : model) {
    if (site.kind != SiteKind::latent) continue;
    if (guide.contains(site.name)) {
      check_shape(site);
      continue;
    }
    if (is_drawn_by_model(site, guide)) continue;
    fail_at_site(site.name, site.place, "is latent in the model, and the guide lacks it",
                 latent_names(guide, site.name, "the guide's sites are ") +
                     (site.distribution.support().is_discrete()
                          ? "; a discrete site can't be drawn by an automatic guide"
                          : ""));
  }
  for (const Site& site : guide) {
    if (site.kind != SiteKind::latent) continue;
    const Site* in_model = model.find(site.name);
    if (in_model != nullptr && in_model->kind == SiteKind::latent) continue;
    if (infer_option(site, "is_auxiliary", false)) continue;
    if (in_model != nullptr) {
      fail_at_site(site.name, site.place,
                   std::string("is drawn in the guide, and is ") + to_string(in_model->kind) +
                       " in the model",
                   "leave it out of the guide, or let it be latent in the model");
    }
    fail_at_site(site.name, site.place, "is drawn in the guide, and the model lacks it",
                 latent_names(model, site.name, "the model's latent sites are ") +
                     "; mark it with .infer = {{\"is_auxiliary\", true}} if that is meant");
  }
}

// The model's draws of which somebody has looked at a number.
std::vector<Name> looked_at(const Trace& model, const Trace& guide) {
  std::vector<Name> names;
  for (const Site& site : model) {
    if (is_drawn_by_model(site, guide) && detail::was_read(site.value.node())) {
      names.push_back(site.name);
    }
  }
  return names;
}

}  // namespace

TraceELBO::TraceELBO(const TraceELBOOptions& options)
    : num_particles_(options.num_particles),
      record_once_(options.record_once),
      baseline_options_{options.use_decaying_avg_baseline, options.baseline_beta},
      model_tracer_(std::make_shared<handlers::TraceHandler>()),
      guide_tracer_(std::make_shared<handlers::TraceHandler>()) {
  if (options.num_particles < 1) {
    fail("TraceELBO", "num_particles is " + std::to_string(options.num_particles),
         "it must be at least 1");
  }
  earlier_.resize(static_cast<std::size_t>(num_particles_ - 1));
}

TraceELBO::TraceELBO(const TraceELBO&) = default;
TraceELBO::TraceELBO(TraceELBO&&) noexcept = default;
TraceELBO& TraceELBO::operator=(const TraceELBO&) = default;
TraceELBO& TraceELBO::operator=(TraceELBO&&) noexcept = default;
TraceELBO::~TraceELBO() = default;

void TraceELBO::clear() {
  model_tracer_->get().clear();
  guide_tracer_->get().clear();
  if (draws_) draws_->trace().clear();
  for (Particle& particle : earlier_) {
    particle.model.clear();
    particle.guide.clear();
  }
}

const Trace& TraceELBO::model_trace(Index particle) const {
  const auto i = static_cast<std::size_t>(particle);
  return i < earlier_.size() ? earlier_[i].model : model_tracer_->get();
}

const Trace& TraceELBO::guide_trace(Index particle) const {
  const auto i = static_cast<std::size_t>(particle);
  return i < earlier_.size() ? earlier_[i].guide : *guide_trace_;
}

void TraceELBO::take_back_baselines() {
  for (auto& [site, average] : former_baselines_) {
    if (average.defined()) {
      baselines_[site] = average;
    } else {
      baselines_.erase(site);
    }
  }
  former_baselines_.clear();
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
    return model_tracer_->run(model);
  }
  guide_trace_ = &guide_tracer_->get();
  guide_tracer_->run([&] { guide.run(); });
  // shares the tracer's trace instead of copying it
  handlers::ReplayHandler replay(std::shared_ptr<const Trace>(guide_tracer_, guide_trace_));
  const detail::Pushed marked(mark);
  model_tracer_->run([&] {
    const detail::Pushed replayed(replay);
    model();
  });
}

Tensor TraceELBO::particle(FunctionRef<void()> model, const GuideProgram& guide) {
  std::vector<Name> read;
  {
    const detail::ReadWatch watch;
    run(model, guide);
    check_agreement(model_trace(), guide_trace());
    read = looked_at(model_trace(), guide_trace());
  }
  const bool guide_counts = guide.automatic == nullptr || guide.automatic->has_density();
  bool has_scores = false;
  detail::Total total;
  for (const Site& site : model_trace()) {
    if (!site.has_distribution()) continue;
    if (is_drawn_by_model(site, guide_trace())) {
      has_scores = true;
      continue;
    }
    total.add(site.log_prob_sum());
  }
  for (const Site& site : guide_trace()) {
    if (!site.has_distribution() || !guide_counts) continue;
    // E[grad log q] = 0: where there is a score-function term, log q itself is a constant.
    const bool is_score = site.kind == SiteKind::latent && !site.distribution.has_rsample();
    if (is_score) {
      total.add_number(-*detail::values(site.log_prob_sum()));
    } else {
      total.subtract(site.log_prob_sum());
    }
    has_scores = has_scores || is_score;
  }
  const Tensor elbo = total.result();
  if (!has_scores || !detail::Tape::current().recording()) return elbo;
  ScoreTerms terms(model_trace(), guide_trace(), guide_counts, baseline_options_, baselines_,
                   former_baselines_);
  const Tensor surrogate = terms.surrogate(read);
  // 0, with the surrogate's gradient
  return surrogate.defined() ? elbo + (surrogate - detach(surrogate)) : elbo;
}

Tensor TraceELBO::estimate(FunctionRef<void()> model, const GuideProgram& guide) {
  former_baselines_.clear();
  const bool is_recording = detail::Tape::current().recording();
  Tensor total = particle(model, guide);
  for (Particle& earlier : earlier_) {
    if (is_recording) {  // which keeps all that it computes anyway
      std::swap(earlier.model, model_tracer_->get());
      std::swap(earlier.guide, *guide_trace_);
    }
    total = total + particle(model, guide);
  }
  if (num_particles_ == 1) return total;
  return total * (1 / static_cast<Real>(num_particles_));
}

}  // namespace ember::inference
