// Score-function terms: how an ELBO's gradient sees draws that are not reparameterised.
#pragma once

#include <vector>

#include <ember/handlers/trace.hpp>
#include <ember/handlers/values.hpp>

namespace ember::inference {

/// A baseline is subtracted from a cost: the average of that site's costs at earlier steps, each
/// step counting baseline_beta times as much as the next. It changes no expectation and may lower
/// the variance much. A site's .infer = {{"use_decaying_avg_baseline", true}, {"baseline_beta",
/// 0.95}} goes first.
struct BaselineOptions {
  bool use_decaying_avg_baseline = false;
  double baseline_beta = 0.9;
};

/// Whether the model itself draws the site in an ELBO: the unobserved part of a partially observed
/// discrete site that no guide draws. Its p and q cancel.
bool is_drawn_by_model(const Site& site, const Trace& guide);

/// The surrogate of one draw of guide and model, sum_z log q(z) (cost(z) - baseline(z)) with costs
/// as constants: its gradient is what the reparameterised terms lack of the gradient of
/// E_q[log p - log q] (Williams 1992, Ranganath et al. 2014).
///
/// The cost of a site is the sum of the scaled terms log p - log q downstream of it in program
/// order, element by element along the plates that site and term share, summed over all other dims.
/// For a site that the model itself draws it is the log p of those who read it. log q is masked as
/// the site is, and never scaled: what a guide hides must matter nowhere else.
class ScoreTerms {
 public:
  /// `guide_counts`: whether log q is part of the ELBO. `former` gets the baselines that change, as
  /// they are before.
  ScoreTerms(const Trace& model, const Trace& guide, bool guide_counts,
             const BaselineOptions& options, Values& baselines, Values& former)
      : model_(model),
        guide_(guide),
        guide_counts_(guide_counts),
        options_(options),
        baselines_(baselines),
        former_(former) {}

  /// Undefined where no site needs a term. `looked_at`: the model's draws of which somebody has
  /// looked at a number.
  Tensor surrogate(const std::vector<Name>& looked_at);

 private:
  using Chosen = std::vector<bool>;  // by position in the model's trace
  void add(const Site& site, const Chosen& model, std::size_t guide_begin);
  Tensor cost(const Site& site, const Chosen& model, std::size_t guide_begin) const;
  Tensor baseline(const Site& site, const Tensor& cost);
  void add_guide_sites();
  void add_model_draws(const std::vector<Name>& looked_at);

  const Trace& model_;
  const Trace& guide_;
  bool guide_counts_;
  const BaselineOptions& options_;
  Values& baselines_;
  Values& former_;
  Tensor total_;
};

}  // namespace ember::inference
