// Automatic guides: a family of distributions over a model's latent sites, made by looking at the
// model. What all of them share is here; AutoNormal and AutoDelta say what one site looks like.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <ember/core/function_ref.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/tracing.hpp>
#include <ember/handlers/values.hpp>
#include <ember/inference/init.hpp>
#include <ember/inference/normal_draw.hpp>

namespace ember::inference {

/// What the sites of one execution share where the guide draws them together.
struct JointDraw {
  Tensor noise;                   // of all coordinates; undefined until a site asks for it
  std::vector<std::uint8_t> met;  // by coordinate: met and visible

  void clear() noexcept {
    noise = Tensor();
    met.clear();
  }
};

/// The state of an automatic guide, which its copies share. A latent site of the model is drawn
/// from q in place of the model's distribution, with the mask and the scale that the model's site
/// has in the same execution.
///
/// When it is set up, several threads may draw from it at once, as long as all meet sites that are
/// known and nobody replaces its parameters.
class AutoGuideState {
 public:
  /// Parameters, as they were found in the store of some version.
  struct Params {
    std::vector<ParamStore::Entry> entries;
    std::uint64_t store_version = 0;
  };
  /// A latent site of the model, and what it is drawn from.
  struct Latent {
    Name name;
    Constraint support;
    Tensor init;  // unconstrained, with subsampled plates at their full size
    std::size_t reinterpreted = 0;
    bool is_subsampled = false;
    bool has_bounds_by_member = false;  // of a subsampled plate: `support` is the first members'
    std::size_t event_dim = 0;          // of one unconstrained value, without what to_event made
    transforms::Transform transform;    // to the support of one element, without what to_event made
    Params params;
  };

  AutoGuideState(std::string prefix, Init init);
  AutoGuideState(const AutoGuideState&) = delete;
  AutoGuideState& operator=(const AutoGuideState&) = delete;
  virtual ~AutoGuideState();

  const std::string& prefix() const { return prefix_; }
  bool is_set_up() const { return !latents_.empty(); }
  /// Makes the parameters, at initial values for which the model's log joint is finite. Does
  /// nothing where it was done before.
  void set_up(FunctionRef<void()> model);

  /// Whether log q counts in an ELBO: not where q is a point.
  virtual bool has_density() const = 0;
  /// q of a latent site whose message has passed the handlers inside of the guide; with the value
  /// where the sites are drawn together.
  virtual Draw posterior(const Message& site, JointDraw& joint) = 0;
  /// The same, always with a value, for a model that runs under the guide: nobody else sees q.
  virtual Draw draw_at(const Message& site, JointDraw& joint);

  /// Per latent site, at full size: the value of each coordinate's quantile.
  Values quantile(double p);
  /// What is known of a latent site, or null.
  const Latent* find_latent(Name name) const;

 protected:
  /// Names and makes a site's parameters.
  virtual std::vector<ParamStore::Entry> make_params(const Latent& latent) const = 0;
  virtual Tensor quantile_of(const Latent& latent, double p) = 0;
  /// Names and makes the parameters that belong to all sites.
  virtual std::vector<ParamStore::Entry> make_joint_params(std::span<const Latent>) const {
    return {};
  }
  virtual bool is_joint_param(const std::string&) const { return false; }

  /// The latent site of a message, with its parameters; those of a new one are made.
  const Latent& latent_at(const Message& site);
  /// The parameters that belong to all sites.
  const std::vector<ParamStore::Entry>& joint_params();
  /// For who reads what was fitted: an error where the store lacks one of the parameters.
  void check_params() const;
  /// A site's transform, for the members that are executed.
  static transforms::Transform transform_at(const Message& site, const Latent& latent);
  /// The rows of a full-size tensor that the open plates execute.
  static Tensor executed(const Tensor& x, const Message& site, const Latent& latent);

  /// The latent sites in program order.
  const std::vector<Latent>& latents() const { return latents_; }
  /// An init_scale; an error unless it is positive and finite.
  static double checked_scale(const char* guide, double init_scale);
  /// A site's distribution whose unconstrained coordinates are independent normals.
  static distributions::Distribution normal_of(const Latent& latent,
                                               const transforms::Transform& transform,
                                               const Tensor& loc, const Tensor& scale);

 private:
  void find_init(FunctionRef<void()> model);
  void check_prefix(std::span<const Latent> latents) const;
  Latent latent_of(const Message& site, const Tensor& first) const;
  void add(Latent latent);

  std::string prefix_;
  Init init_;
  Params joint_;
  std::vector<Latent> latents_;                           // in program order
  std::unordered_map<std::uint32_t, std::size_t> index_;  // by name
};

/// Puts the guide's draws into a model that runs under it, as the outermost handler, and records
/// the guide's own sites: guide and model in one execution.
class GuideDraws final : public handlers::Handler {
 public:
  explicit GuideDraws(AutoGuideState& guide) : guide_(guide) {}
  void enter() override;
  void exit() noexcept override;
  void process(Message& message) override;
  void postprocess(Message& message) override;

  AutoGuideState& guide() const { return guide_; }
  const Trace& trace() const { return trace_; }
  Trace& trace() { return trace_; }

 private:
  AutoGuideState& guide_;
  JointDraw joint_;
  distributions::Distribution pending_;
  Trace trace_;
};

/// Turns a model into its guide: latent sites are q's, everything else is hidden from the handlers
/// further out.
class GuideSites final : public handlers::Handler {
 public:
  explicit GuideSites(AutoGuideState& guide) : guide_(guide) {}
  void process(Message& message) override;
  void postprocess(Message& message) override;

 private:
  AutoGuideState& guide_;
  JointDraw joint_;
};

/// A latent site that automatic guides cover: continuous, not observed.
bool is_guided(const Message& message);

/// An automatic guide of a model: a handle, copies share the state.
template <class Model, class State>
class AutoGuide {
 public:
  AutoGuide(Model model, std::shared_ptr<State> state)
      : model_(std::move(model)), state_(std::move(state)) {}

  /// Runs the guide: a trace of it has the latent sites.
  template <class... Args>
  void operator()(Args&&... args) const {
    set_up(args...);
    GuideSites sites(*state_);
    const detail::Pushed inside(sites);
    static_cast<void>(model_(args...));
  }
  /// Makes the parameters by running the model once; SVI does so at its first step.
  template <class... Args>
  void set_up(Args&&... args) const {
    if (state_->is_set_up()) return;
    state_->set_up([&] { static_cast<void>(model_(args...)); });
  }

  /// The median of each latent site, at full size where plates are subsampled. An error where the
  /// store lacks the guide's parameters.
  Values median() const { return state_->quantile(0.5); }
  /// For each latent site the quantiles, along a new first axis.
  Values quantiles(const std::vector<double>& probabilities) const {
    std::map<std::string, std::vector<Tensor>> rows;
    for (double p : probabilities) {
      for (const auto& [name, value] : state_->quantile(p)) rows[name].push_back(value);
    }
    Values result;
    for (const auto& [name, values] : rows) result[name] = stack(values, 0);
    return result;
  }
  /// A draw of all latent sites, for these arguments.
  template <class... Args>
  Values sample_posterior(Args&&... args) const {
    Values values;
    for (const Site& site : handlers::trace(*this).get_trace(args...)) {
      values[site.name.str()] = site.value;
    }
    return values;
  }

  State& state() const { return *state_; }

 private:
  Model model_;
  std::shared_ptr<State> state_;
};

}  // namespace ember::inference
