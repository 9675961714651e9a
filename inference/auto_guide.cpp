#include <ember/inference/auto_guide.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/distributions/normal.hpp>
#include <ember/distributions/transformed.hpp>
#include <ember/handlers/block.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/shown.hpp>
#include <ember/inference/latent_names.hpp>
#include <ember/inference/members.hpp>

namespace ember::inference {
namespace {

constexpr int kAttempts = 100;

// The value that a site begins at: see over_site.
Tensor first_value(const Init& init, const Message& site) {
  Message shown = site;
  shown.distribution = detail::as_shown(site);
  return over_site(detach(init(shown)), shown);
}

// Gives each latent site a first value, and keeps them with the sites.
class InitDraws final : public handlers::Handler {
 public:
  explicit InitDraws(const Init& init) : init_(init) {}
  void process(Message& message) override {
    if (!is_guided(message)) return;
    with_context("site", message.name, [&] {
      values.push_back(first_value(init_, message));
      const std::size_t event_dim = message.distribution.event_shape().rank();
      message.value = executed_rows(values.back(), message.plates, event_dim);
    });
    message.done = true;
    sites.push_back(message);
  }

  std::vector<Message> sites;
  std::vector<Tensor> values;  // of them, for all members where these are known

 private:
  const Init& init_;
};

bool is_finite(const Tensor& u) {  // no mask of so many bytes
  return std::ranges::all_of(u.data(), [](Real x) { return std::isfinite(x); });
}

// Unconstrained values that the hidden elements of a site can have too: where bounds are not
// finite, 0. Each has the last event_dim axes of u.
Tensor finite_where_hidden(const Tensor& u, const Message& site, std::size_t event_dim) {
  if (is_finite(u)) return u;
  const Mask visible = detail::as_shown(site).own_mask().unsqueeze_right(event_dim);
  if (!broadcasts_to(visible.shape(), u.shape())) return u;  // it has other members' too
  return where(visible | isfinite(u), u, 0);
}

// The support of a site; where a mask hides bounds between which there is nothing, as those of
// missing data, others in their place.
Constraint support_of(const Message& site) {
  const Constraint support = site.distribution.support();
  const bool has_lower = support.has_lower(), has_upper = support.has_upper();
  if (!has_lower && !has_upper) return support;
  const Tensor &lower = support.lower(), &upper = support.upper();
  const Mask is_empty =
      !(has_lower && has_upper ? lower < upper : isfinite(has_lower ? lower : upper));
  if (is_empty.is_none()) return support;
  const Mask changes = is_empty & !detail::as_shown(site).own_mask();
  return Constraint(support.kind(), has_lower ? where(changes, 0, lower) : Tensor(),
                    has_upper ? where(changes, 1, upper) : Tensor())
      .independent(support.reinterpreted());
}

// Why a first execution is none to begin with; "" where it is one.
std::string what_is_infinite(const Trace& trace) {
  for (const Site& site : trace) {
    if (isfinite(site.log_prob_sum()).is_all()) continue;
    return "site '" + site.name.str() + "' has log density " +
           detail::shortest_text(site.log_prob_sum().item());
  }
  return "";
}

// What .init has values of is in the model.
void check_names(const std::string& guide, const Init& init, const Trace& trace) {
  for (const std::string& name : init.sites()) {
    if (trace.contains(Name(name))) continue;
    fail(guide, ".init has a value for '" + name + "', which is no site of the model",
         latent_names(trace, Name(name), "the model's latent sites are "));
  }
}

// Looks for parameters again where the store may have been cleared or loaded since.
template <class Make>
void refresh(AutoGuideState::Params& params, Make make) {
  const std::uint64_t version = param_store().version();
  const std::atomic_ref<std::uint64_t> known(params.store_version);
  if (known.load(std::memory_order_relaxed) == version) return;
  const bool are_there = std::ranges::all_of(params.entries, [](const ParamStore::Entry& entry) {
    return param_store().find(entry->name) == entry;
  });
  if (!are_there) {
    const detail::NewParams new_params;
    params.entries = make();
  }
  known.store(version, std::memory_order_relaxed);
}

// Runs f, which makes parameters from draws. Where the store had all of them already (a fit that
// goes on from a file), the random numbers go on as if nothing had been drawn.
template <class F>
void with_draws_for_new(F&& f) {
  const detail::RandomState before = detail::random_state();
  const std::size_t known = param_store().names().size();
  f();
  if (param_store().names().size() == known) detail::random_state() = before;
}

}  // namespace

bool is_guided(const Message& message) {
  return message.kind == Message::Kind::sample && !message.is_observed && !message.done &&
         !message.value.defined() && !message.distribution.support().is_discrete();
}

void AutoGuideState::set_up(FunctionRef<void()> model) {
  if (is_set_up()) return;
  const detail::NewParams new_params;
  with_draws_for_new([&] { find_init(model); });
}

AutoGuideState::AutoGuideState(std::string prefix, Init init)
    : prefix_(std::move(prefix)), init_(std::move(init)) {}
AutoGuideState::~AutoGuideState() = default;

void AutoGuideState::find_init(FunctionRef<void()> model) {
  std::string reason;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    handlers::BlockHandler hidden({});
    InitDraws draws(init_);
    handlers::TraceHandler tracer;
    {
      // the tracer is further in: it keeps the draws, and the one of a parameter lifted twice
      const with inside(hidden, draws);
      tracer.run(model);
    }
    check_names(prefix_, init_, tracer.get());
    if (draws.sites.empty()) {
      fail(
          prefix_, "the model has no continuous latent site",
          "where there is nothing to draw, give SVI an empty guide, [] {}; a discrete site needs a "
          "guide of your own");
    }
    reason = what_is_infinite(tracer.get());
    if (!reason.empty()) continue;
    std::vector<Latent> latents;
    for (std::size_t k = 0; k < draws.sites.size() && reason.empty(); ++k) {
      const Message& site = draws.sites[k];
      latents.push_back(
          with_context("site", site.name, [&] { return latent_of(site, draws.values[k]); }));
      if (!is_finite(latents.back().init)) {
        reason = "site '" + site.name.str() + "' begins at an end of its support";
      }
    }
    if (!reason.empty()) continue;
    check_prefix(latents);
    const std::uint64_t version = param_store().version();
    for (Latent& latent : latents) latent.params = {make_params(latent), version};
    joint_ = {make_joint_params(latents), version};
    for (Latent& latent : latents) add(std::move(latent));
    return;
  }
  fail(prefix_, "found no initial values: " + reason,
       "give another .init, or look at the model's data and masks");
}

// Parameters under this prefix that end in no site of this model belong to another guide.
void AutoGuideState::check_prefix(std::span<const Latent> latents) const {
  for (const std::string& param : param_store().names()) {
    if (param.rfind(prefix_ + ".", 0) != 0) continue;
    const bool is_own =
        is_joint_param(param) || std::ranges::any_of(latents, [&](const Latent& latent) {
          return param.ends_with("." + latent.name.str());
        });
    if (is_own) continue;
    fail(prefix_, "the parameter store has '" + param + "' of another guide under the same prefix",
         "give this guide a prefix of its own, {.prefix = ..}, or clear the store");
  }
}

// All but its parameters. Bounds of members that are not executed are not known: such a site begins
// at the rows of those that are.
AutoGuideState::Latent AutoGuideState::latent_of(const Message& site, const Tensor& first) const {
  Latent latent;
  latent.name = site.name;
  latent.support = support_of(site);
  latent.reinterpreted = site.distribution.reinterpreted();
  latent.is_subsampled = std::ranges::any_of(site.plates, is_subsampled);
  latent.has_bounds_by_member = has_bounds_by_member(latent.support, site.plates);
  const std::size_t event_rank = site.distribution.event_shape().rank();
  const Tensor u =
      detail::biject_to_support(latent.support)
          .inv(latent.has_bounds_by_member ? executed_rows(first, site.plates, event_rank) : first);
  const std::size_t event_axes =
      static_cast<std::size_t>(u.dim()) - site.distribution.batch_shape().rank();
  latent.event_dim = event_axes - latent.reinterpreted;
  latent.transform =
      detail::biject_to_support(latent.support.without_independent(latent.reinterpreted));
  latent.init =
      at_full_size(finite_where_hidden(u, site, latent.event_dim), site.plates, event_axes);
  return latent;
}

void AutoGuideState::add(Latent latent) {
  index_[latent.name.id()] = latents_.size();
  latents_.push_back(std::move(latent));
}

const AutoGuideState::Latent& AutoGuideState::latent_at(const Message& site) {
  auto found = index_.find(site.name.id());
  if (found == index_.end()) {
    with_draws_for_new([&] {
      Latent latent = with_context("site", site.name,
                                   [&] { return latent_of(site, first_value(init_, site)); });
      const detail::NewParams new_params;
      const std::uint64_t version = param_store().version();
      latent.params = {make_params(latent), version};
      add(std::move(latent));
    });
    found = index_.find(site.name.id());
  }
  Latent& latent = latents_[found->second];
  refresh(latent.params, [&] { return make_params(latent); });
  return latent;
}

const std::vector<ParamStore::Entry>& AutoGuideState::joint_params() {
  refresh(joint_, [&] { return make_joint_params(latents_); });
  return joint_.entries;
}

void AutoGuideState::check_params() const {
  const auto check = [&](const Params& params) {
    for (const ParamStore::Entry& entry : params.entries) {
      if (param_store().contains(entry->name)) continue;
      fail(prefix_, "its parameter '" + entry->name.str() + "' is no longer in the parameter store",
           "fit the guide again, or load its parameters");
    }
  };
  check(joint_);
  for (const Latent& latent : latents_) check(latent.params);
}

transforms::Transform AutoGuideState::transform_at(const Message& site, const Latent& latent) {
  if (!latent.has_bounds_by_member) return latent.transform;
  return detail::biject_to_support(support_of(site).without_independent(latent.reinterpreted));
}

Tensor AutoGuideState::executed(const Tensor& x, const Message& site, const Latent& latent) {
  return executed_rows(x, site.plates, latent.event_dim + latent.reinterpreted);
}

Draw AutoGuideState::draw_at(const Message& site, JointDraw& joint) {
  Draw draw = posterior(site, joint);
  if (!draw.value.defined()) draw.value = draw.q.sample(site.name, {});
  return draw;
}

const AutoGuideState::Latent* AutoGuideState::find_latent(Name name) const {
  const auto found = index_.find(name.id());
  return found == index_.end() ? nullptr : &latents_[found->second];
}

double AutoGuideState::checked_scale(const char* guide, double init_scale) {
  const Real scale = static_cast<Real>(init_scale);
  if (scale > 0 && std::isfinite(scale)) return init_scale;
  fail(guide, "init_scale is " + detail::text_of_number(init_scale),
       "it is a standard deviation: positive and finite");
}

distributions::Distribution AutoGuideState::normal_of(const Latent& latent,
                                                      const transforms::Transform& transform,
                                                      const Tensor& loc, const Tensor& scale) {
  const distributions::Normal u(loc, scale);
  const auto events = static_cast<Index>(latent.reinterpreted);
  if (latent.support.is_unconstrained()) {
    return u.to_event(static_cast<Index>(latent.event_dim) + events);
  }
  return distributions::Transformed(u, transform).to_event(events);
}

Values AutoGuideState::quantile(double p) {
  if (!is_set_up()) {
    fail(prefix_, "the guide has no parameters yet", "fit it, or call set_up(args..)");
  }
  if (!(p >= 0 && p <= 1)) {
    fail(prefix_, "there is no quantile of probability " + detail::text_of_number(p),
         "probabilities are from 0 to 1");
  }
  check_params();
  Values values;
  for (Latent& latent : latents_) {
    if (latent.has_bounds_by_member) {
      fail("site '" + latent.name.str() + "'",
           "has bounds that differ between the members of a subsampled plate: the quantiles of "
           "those that are not executed are not known",
           "use sample_posterior(args..) or Predictive");
    }
    refresh(latent.params, [&] { return make_params(latent); });
    values[latent.name.str()] = quantile_of(latent, p);
  }
  return values;
}

// The mask that the model's distribution has of its own, over the elements of q.
Mask mask_of_model(const distributions::Distribution& model, const distributions::Distribution& q) {
  const std::size_t events = q.reinterpreted() - model.reinterpreted();
  return events == 0 ? model.own_mask() : model.own_mask().unsqueeze_right(events);
}

// An execution that ended in an error may have left a draw behind.
void GuideDraws::enter() {
  trace_.clear();
  pending_ = {};
}

void GuideDraws::exit() noexcept { joint_.clear(); }

void GuideDraws::process(Message& message) {
  if (!is_guided(message)) return;
  with_context("site", message.name, [&] {
    Draw draw = guide_.draw_at(message, joint_);
    pending_ = std::move(draw.q);
    message.value = std::move(draw.value);
  });
  message.done = true;
}

void GuideDraws::postprocess(Message& message) {
  if (!pending_.defined() || message.kind != Message::Kind::sample) return;
  trace_.add(message, pending_, mask_of_model(message.distribution, pending_));
  pending_ = {};
}

void GuideSites::process(Message& message) {
  if (message.kind == Message::Kind::plate) return;
  if (!is_guided(message)) {
    message.stop = true;
    return;
  }
  with_context("site", message.name, [&] {
    Draw draw = guide_.posterior(message, joint_);
    message.element_mask = mask_of_model(message.distribution, draw.q);
    message.distribution = std::move(draw.q);
    message.draws_hidden = true;
    message.done = draw.value.defined();
    message.value = std::move(draw.value);
  });
}

// A joint draw is one: nothing further out can repeat it but a plate that it knows of.
void GuideSites::postprocess(Message& message) {
  if (message.kind != Message::Kind::sample || !joint_.noise.defined()) return;
  if (guide_.find_latent(message.name) == nullptr) return;
  const distributions::Distribution& q = message.distribution;
  if (message.value.shape() == concatenate(q.batch_shape(), q.event_shape())) return;
  fail("site '" + message.name.str() + "'",
       guide_.prefix() + " draws all sites at once, and a plate around the guide asks for " +
           to_string(q.batch_shape()),
       "leave .parallel out");
}

}  // namespace ember::inference
