#include <ember/inference/auto_guide.hpp>

#include <algorithm>
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
#include <ember/handlers/plate.hpp>

namespace ember::inference {
namespace {

constexpr int kAttempts = 100;

// Draws a first value for each latent site.
class InitDraws final : public handlers::Handler {
 public:
  explicit InitDraws(const Init& init) : init_(init) {}
  void process(Message& message) override {
    if (!is_guided(message)) return;
    message.value = with_context("site", message.name, [&] { return detach(init_(message)); });
    message.done = true;
  }

 private:
  const Init& init_;
};

// Remembers what the guide needs to know of each latent site.
class Collect final : public handlers::Handler {
 public:
  void process(Message& message) override {
    if (message.kind == Message::Kind::sample && message.done && !message.is_observed) {
      sites.push_back(message);
    }
  }
  std::vector<Message> sites;
};

// A tensor with a subsampled plate's axis at the plate's full size: the rows repeat.
Tensor at_full_size(Tensor x, const Plates& plates, std::size_t event_dim) {
  for (const PlateFrame& plate : plates) {
    if (plate.subsample_size == plate.size) continue;
    const Index axis = x.dim() + plate.dim - static_cast<Index>(event_dim);
    if (axis < 0) continue;
    std::vector<Index> rows;
    const Index b = x.shape()[static_cast<std::size_t>(axis)];
    for (Index i = 0; i < plate.size; ++i) rows.push_back(i % b);
    x = index_select(x, axis, rows);
  }
  return x;
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
  std::string reason = "the model has no continuous latent site";
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    handlers::BlockHandler hidden({});
    InitDraws draws(init_);
    Collect collect;
    handlers::TraceHandler tracer;
    {
      // the tracer is outside of the draws, so that it keeps them
      const with inside(hidden, collect, draws);
      tracer.run(model);
    }
    const Site* bad = nullptr;
    for (const Site& site : tracer.get()) {
      if (bad == nullptr && !isfinite(site.log_prob_sum()).is_all()) bad = &site;
    }
    if (bad != nullptr) {
      reason = "site '" + bad->name.str() + "' has log density " +
               detail::shortest_text(bad->log_prob_sum().item());
      continue;
    }
    for (const Message& site : collect.sites) {
      const Tensor u = biject_to(site.distribution.support()).inv(site.value);
      // no mask of so many bytes
      if (!std::ranges::all_of(u.data(), [](Real v) { return std::isfinite(v); })) {
        reason = "site '" + site.name.str() + "' begins at an end of its support";
        bad = tracer.get().find(site.name);
        break;
      }
    }
    if (bad != nullptr) continue;
    check_prefix(collect.sites);
    for (const Message& site : collect.sites) latent_of(site, site.value);
    if (!is_set_up()) break;
    make_joint_params();
    return;
  }
  fail(prefix_, "found no initial values: " + reason,
       "give another .init, or look at the model's data and masks");
}

// Parameters under this prefix that end in no site of this model belong to another guide.
void AutoGuideState::check_prefix(std::span<const Message> sites) const {
  for (const std::string& param : param_store().names()) {
    if (param.rfind(prefix_ + ".", 0) != 0) continue;
    const bool is_own =
        is_joint_param(param) || std::any_of(sites.begin(), sites.end(), [&](const Message& site) {
          return param.ends_with("." + site.name.str());
        });
    if (is_own) continue;
    fail(prefix_, "the parameter store has '" + param + "' of another guide under the same prefix",
         "give this guide a prefix of its own, {.prefix = ..}, or clear the store");
  }
}

AutoGuideState::Latent& AutoGuideState::latent_of(const Message& site, const Tensor& init) {
  Latent latent;
  latent.name = site.name;
  latent.support = site.distribution.support();
  latent.reinterpreted = site.distribution.reinterpreted();
  latent.is_subsampled =
      std::any_of(site.plates.begin(), site.plates.end(),
                  [](const PlateFrame& plate) { return plate.subsample_size < plate.size; });
  const Tensor u = biject_to(latent.support).inv(init);
  const std::size_t event_axes =
      static_cast<std::size_t>(u.dim()) - site.distribution.batch_shape().rank();
  latent.event_dim = event_axes - latent.reinterpreted;
  latent.transform = biject_to(latent.support.without_independent(latent.reinterpreted));
  latent.init = at_full_size(u, site.plates, event_axes);
  latent.unconstrained_shape = latent.init.shape();
  make_params(latent);
  index_[site.name.id()] = latents_.size();
  latents_.push_back(std::move(latent));
  return latents_.back();
}

// The store may have been cleared or loaded since.
void AutoGuideState::refresh(Latent& latent) {
  const std::uint64_t version = param_store().version();
  if (latent.store_version == version && !latent.params.empty()) return;
  for (std::shared_ptr<detail::ParamEntry>& entry : latent.params) {
    if (param_store().find(entry->name) != entry) {
      latent.params.clear();
      make_params(latent);
      break;
    }
  }
  latent.store_version = version;
}

const AutoGuideState::Latent& AutoGuideState::latent_at(const Message& site) {
  auto found = index_.find(site.name.id());
  if (found == index_.end()) {
    with_draws_for_new([&] {
      latent_of(site, with_context("site", site.name, [&] { return detach(init_(site)); }));
    });
    found = index_.find(site.name.id());
  }
  refresh(latents_[found->second]);
  return latents_[found->second];
}

Tensor AutoGuideState::executed(const Tensor& x, const Message& site, const Latent& latent) {
  Tensor rows = x;
  for (const PlateFrame& frame : site.plates) {
    if (frame.subsample_size == frame.size) continue;
    const plate* open = detail::find_open_plate(frame.name);
    if (open == nullptr || !open->is_subsampled()) continue;
    const auto event_dim = static_cast<Index>(latent.event_dim + latent.reinterpreted);
    rows = index_select(rows, frame.dim - event_dim, open->indices());
  }
  return rows;
}

distributions::Distribution AutoGuideState::posterior(const Message& site) {
  const Latent& latent = latent_at(site);
  std::array<Tensor, 2> params;
  for (std::size_t k = 0; k < latent.params.size(); ++k) {
    params[k] = executed(detail::value_of(latent.params[k]), site, latent);
  }
  return make_posterior(latent, std::span<const Tensor>(params.data(), latent.params.size()));
}

Draw AutoGuideState::draw_at(const Message& site) {
  Draw draw{posterior(site), Tensor()};
  draw.value = this->draw(site.name, draw.q);
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

distributions::Distribution AutoGuideState::normal_of(const Latent& latent, const Tensor& loc,
                                                      const Tensor& scale) {
  const distributions::Normal u(loc, scale);
  const auto events = static_cast<Index>(latent.reinterpreted);
  if (latent.support.is_unconstrained()) {
    return u.to_event(static_cast<Index>(latent.event_dim) + events);
  }
  return distributions::Transformed(u, latent.transform).to_event(events);
}

Values AutoGuideState::quantile(double p) {
  if (!is_set_up()) {
    fail(prefix_, "the guide has no parameters yet", "fit it, or call set_up(args..)");
  }
  Values values;
  for (Latent& latent : latents_) {
    refresh(latent);
    values[latent.name.str()] = quantile_of(latent, p);
  }
  return values;
}

// An execution that ended in an error may have left a draw behind.
void GuideDraws::enter() {
  trace_.clear();
  pending_ = {};
  guide_.begin();
}

void GuideDraws::exit() noexcept { guide_.end(); }

void GuideDraws::process(Message& message) {
  if (!is_guided(message)) return;
  with_context("site", message.name, [&] {
    Draw draw = guide_.draw_at(message);
    pending_ = std::move(draw.q);
    message.value = std::move(draw.value);
  });
  message.done = true;
}

void GuideDraws::postprocess(Message& message) {
  if (!pending_.defined() || message.kind != Message::Kind::sample) return;
  const std::size_t events = pending_.reinterpreted() - message.distribution.reinterpreted();
  const Mask& of_model = message.distribution.own_mask();
  trace_.add(message, pending_, events == 0 ? of_model : of_model.unsqueeze_right(events));
  pending_ = {};
}

void GuideSites::process(Message& message) {
  if (message.kind == Message::Kind::plate) return;
  if (!is_guided(message)) {
    message.stop = true;
    return;
  }
  with_context("site", message.name, [&] {
    const distributions::Distribution q = guide_.posterior(message);
    message.element_mask = message.distribution.own_mask().unsqueeze_right(
        q.reinterpreted() - message.distribution.reinterpreted());
    message.distribution = q;
    message.draws_hidden = true;
    if (!guide_.draws_jointly()) return;
    message.value = guide_.draw(message.name, q);
    message.done = true;
  });
}

// A joint draw is one: nothing further out can repeat it but a plate that it knows of.
void GuideSites::postprocess(Message& message) {
  if (message.kind != Message::Kind::sample || !guide_.draws_jointly()) return;
  if (guide_.find_latent(message.name) == nullptr) return;
  const distributions::Distribution& q = message.distribution;
  if (message.value.shape() == concatenate(q.batch_shape(), q.event_shape())) return;
  fail("site '" + message.name.str() + "'",
       guide_.prefix() + " draws all sites at once, and a plate around the guide asks for " +
           to_string(q.batch_shape()),
       "leave .parallel out");
}

}  // namespace ember::inference
