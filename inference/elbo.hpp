// TraceELBO: the evidence lower bound of a model and a guide, by drawing from the guide.
#pragma once

#include <memory>

#include <ember/core/function_ref.hpp>
#include <ember/handlers/tracing.hpp>
#include <ember/inference/auto_guide.hpp>

namespace ember::inference {

struct TraceELBOOptions {
  Index num_particles = 1;  // draws that are averaged
};

/// A guide as an estimator runs it: a program of its own, or an automatic guide, whose draws are
/// made while the model runs.
struct GuideProgram {
  FunctionRef<void()> run;
  AutoGuideState* automatic = nullptr;
};

/// ELBO = E_q[log p(z, x) - log q(z)], with reparameterised draws (Kingma and Welling 2014,
/// Ranganath et al. 2014): latent sites need an rsample.
class TraceELBO {
 public:
  explicit TraceELBO(const TraceELBOOptions& options = {});

  /// An estimate of the ELBO; while a recording runs, differentiable in the parameters.
  Tensor estimate(FunctionRef<void()> model, const GuideProgram& guide);

  /// The traces of the last particle.
  const Trace& model_trace() const { return model_tracer_->get(); }
  const Trace& guide_trace() const { return *guide_trace_; }
  /// Drops the traces: before their recording ends.
  void clear();

 private:
  Tensor particle(FunctionRef<void()> model, const GuideProgram& guide);
  void run(FunctionRef<void()> model, const GuideProgram& guide);

  TraceELBOOptions options_;
  std::shared_ptr<handlers::TraceHandler> model_tracer_, guide_tracer_;
  std::shared_ptr<GuideDraws> draws_;
  const Trace* guide_trace_ = nullptr;
};

}  // namespace ember::inference
