// TraceELBO: the evidence lower bound of a model and a guide, by drawing from the guide.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <ember/core/function_ref.hpp>
#include <ember/handlers/tracing.hpp>
#include <ember/inference/auto_guide.hpp>
#include <ember/inference/score.hpp>

namespace ember::inference {

/// Options of TraceELBO.
struct TraceELBOOptions {
  Index num_particles = 1;                 // draws that are averaged
  bool use_decaying_avg_baseline = false;  // for all score-function terms: see BaselineOptions
  double baseline_beta = 0.9;
  /// Model and guide run at the first step of SVI, further steps run what was recorded then, with
  /// new draws: the same numbers at a fraction of the time where the steps are small. Wants steps
  /// that differ in draws and parameters alone: the same arguments, the same data, no scale that is
  /// changed on the way. Steps that can't be run again (members or discrete draws are chosen anew,
  /// a number was looked at, ..) run model and guide as ever.
  bool record_once = false;
};

/// A guide as an estimator runs it: a program of its own, or an automatic guide, whose draws are
/// made while the model runs.
struct GuideProgram {
  FunctionRef<void()> run;
  AutoGuideState* automatic = nullptr;
  std::optional<FunctionRef<void()>> set_up = {};  // comes before the first run
};

/// ELBO = E_q[log p(z, x) - log q(z)]. Its gradient goes through reparameterised draws (Kingma and
/// Welling 2014, Ranganath et al. 2014); sites without an rsample have score-function terms, see
/// ScoreTerms.
class TraceELBO {
 public:
  explicit TraceELBO(const TraceELBOOptions& options = {});
  TraceELBO(const TraceELBO&);
  TraceELBO(TraceELBO&&) noexcept;
  TraceELBO& operator=(const TraceELBO&);
  TraceELBO& operator=(TraceELBO&&) noexcept;
  ~TraceELBO();

  /// An estimate of the ELBO; while a recording runs, what its reverse pass gives is an unbiased
  /// estimate of the gradient by the parameters.
  Tensor estimate(FunctionRef<void()> model, const GuideProgram& guide);

  bool records_once() const { return record_once_; }

  /// The traces of a particle of the last estimate, which was made while a recording ran.
  const Trace& model_trace(Index particle) const;
  const Trace& guide_trace(Index particle) const;
  Index num_particles() const { return num_particles_; }
  /// Those of its last one.
  const Trace& model_trace() const { return model_tracer_->get(); }
  const Trace& guide_trace() const { return *guide_trace_; }
  /// Drops the traces: before their recording ends.
  void clear();

  /// The average costs so far, by site.
  const Values& baselines() const { return baselines_; }
  Values& baselines() { return baselines_; }
  /// The averages are as they were before the last estimate.
  void take_back_baselines();

 private:
  Tensor particle(FunctionRef<void()> model, const GuideProgram& guide);
  void run(FunctionRef<void()> model, const GuideProgram& guide);

  Index num_particles_;
  bool record_once_;
  BaselineOptions baseline_options_;
  Values baselines_;
  Values former_baselines_;  // of those that the last estimate has changed; undefined of new ones
  std::shared_ptr<handlers::TraceHandler> model_tracer_, guide_tracer_;
  std::shared_ptr<GuideDraws> draws_;
  Trace* guide_trace_ = nullptr;
  struct Particle {
    Trace model, guide;
  };
  std::vector<Particle> earlier_;  // all but the last one
};

}  // namespace ember::inference
