#include <ember/inference/svi.hpp>

#include <cmath>
#include <cstdio>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/checkpoint.hpp>
#include <ember/inference/diagnosis.hpp>
#include <ember/inference/progress.hpp>
#include <ember/inference/recorded_step.hpp>

namespace ember::inference {
namespace {

const char* const kRemedy =
    "look at the data and the priors of that site, or lower the learning rate";
const char* const kRemedyOfNoSite = "look at the data and the priors, or lower the learning rate";

const Site* find_not_finite(const Trace& trace) {
  for (const Site& site : trace) {
    if (site.has_distribution() && !std::isfinite(site.log_prob_sum().item())) return &site;
  }
  return nullptr;
}

[[noreturn]] void explain_loss(const TraceELBO& elbo, Real loss) {
  const std::string what = "the loss is " + detail::text_of_number(loss);
  const auto explain = [&](const Trace& trace, const char* whose) {
    const Site* site = find_not_finite(trace);
    if (site == nullptr) return;
    at_place(site->place, [&] {
      fail("SVI",
           what + "; it began at the " + whose + " site '" + site->name.str() +
               "', whose log density is " + detail::text_of_number(site->log_prob_sum().item()),
           kRemedy);
    });
  };
  for (Index i = 0; i < elbo.num_particles(); ++i) {
    explain(elbo.guide_trace(i), "guide's");
    explain(elbo.model_trace(i), "model's");
  }
  fail("SVI", what + ", though every site's log density is finite", kRemedyOfNoSite);
}

// Whether something visible has read what is hidden of a latent site.
bool reads_hidden(const Site& site) {
  const detail::Node& value = site.value.node();
  if (!value.has_adjoint) return false;
  const Mask visible = visible_value(site);
  if (value.reach != nullptr && value.reach == visible.bytes().get()) return false;
  return !(detail::reach_of(value) & !visible).is_none();
}

}  // namespace

SVIEngine::SVIEngine(std::shared_ptr<Optimizer> optimizer, TraceELBO elbo)
    : optimizer_(std::move(optimizer)),
      elbo_(std::move(elbo)),
      recorded_(std::make_unique<RecordedStep>()) {}
SVIEngine::~SVIEngine() = default;

Real SVIEngine::step(FunctionRef<void()> model, const GuideProgram& guide) {
  const ParamStore::Optimising optimising(param_store());
  if (recorded_->is_ready()) {
    if (const std::optional<Real> loss = recorded_->run(*optimizer_)) {
      optimizer_->apply();
      return *loss;
    }
  }
  const detail::NewParams new_params;
  if (guide.set_up) (*guide.set_up)();
  try {
    const Real loss = run(model, guide);
    optimizer_->apply();
    return loss;
  } catch (...) {
    elbo_.take_back_baselines();
    throw;
  }
}

Real SVIEngine::run(FunctionRef<void()> model, const GuideProgram& guide) {
  const auto in_scope = [&](RecordedStep* recorded) {
    const detail::ParamLeaves::Scope scope(leaves_);
    return compute(model, guide, recorded);
  };
  if (elbo_.records_once() && recorded_->is_wanted()) {
    return recorded_->record([&] { return in_scope(recorded_.get()); });
  }
  const detail::Recording recording;
  return in_scope(nullptr);
}

// The loss; the optimiser has the gradients then.
Real SVIEngine::compute(FunctionRef<void()> model, const GuideProgram& guide,
                        RecordedStep* recorded) {
  // whatever happens, no trace outlives the recording: its tensors would be copied
  struct Clear {
    TraceELBO& elbo;
    ~Clear() { elbo.clear(); }
  } const clear{elbo_};
  const Tensor elbo = elbo_.estimate(model, guide);
  const Real loss = -*detail::values(elbo);
  if (!std::isfinite(loss)) explain_loss(elbo_, loss);
  if (recorded != nullptr) recorded->keep(leaves_, elbo);
  detail::Tape::current().backward(elbo.node(), 1);
  optimizer_->collect(leaves_.leaves());
  check_gradients(model, guide.run);
  check_reads_of_hidden(model);
  return loss;
}

void SVIEngine::check_gradients(FunctionRef<void()> model, FunctionRef<void()> guide) {
  const detail::ParamEntry* bad = optimizer_->find_not_finite();
  if (bad == nullptr) return;
  const std::string what =
      "the gradient of param '" + bad->name.str() + "' is not finite; it began ";
  const auto explain = [&](FunctionRef<void()> program, const Trace& trace, const char* where) {
    const Site* site = find_bad_gradient(program, trace);
    if (site == nullptr) return;
    at_place(site->place,
             [&] { fail("SVI", what + where + " site '" + site->name.str() + "'", kRemedy); });
  };
  for (Index i = 0; i < elbo_.num_particles(); ++i) {
    explain(model, elbo_.model_trace(i), "at");
    explain(guide, elbo_.guide_trace(i), "at the guide's");
  }
  fail("SVI", what + "in the guide", kRemedyOfNoSite);
}

Real SVIEngine::evaluate_loss(FunctionRef<void()> model, const GuideProgram& guide) {
  const detail::NewParams new_params;
  if (guide.set_up) (*guide.set_up)();
  const Real loss = -elbo_.estimate(model, guide).item();
  elbo_.clear();
  return loss;
}

// A latent whose hidden elements are read by something visible has neither prior nor entropy there.
void SVIEngine::check_reads_of_hidden(FunctionRef<void()> model) {
  for (const Site& site : elbo_.model_trace()) {
    if (site.kind != SiteKind::latent || site.mask.is_all()) continue;
    if (site.distribution.support().is_discrete()) continue;
    if (warned_.contains(site.name.str()) || !reads_hidden(site)) continue;
    const Site* reader = find_reader(model, elbo_.model_trace(), site.name);
    const std::string who = reader != nullptr ? "visible site '" + reader->name.str() + "'"
                                              : std::string("something visible");
    warned_.insert(site.name.str());
    std::fprintf(stderr,
                 "ember: warning: a mask hides elements of latent site '%s', but %s reads their "
                 "values: they have neither prior nor entropy in the objective and become point "
                 "estimates\n",
                 site.name.c_str(), who.c_str());
  }
}

void SVIEngine::save(const std::string& path) const { save_checkpoint(path, *optimizer_, elbo_); }
void SVIEngine::load(const std::string& path) { load_checkpoint(path, *optimizer_, elbo_); }

Fit SVIEngine::run(Index steps, const RunOptions& options, FunctionRef<void()> model,
                   const GuideProgram& guide) {
  if (options.window < 1) {
    fail("SVI", "the window is " + std::to_string(options.window) + " steps", "it is 1 or more");
  }
  if (steps < 0) fail("SVI", "a run of " + std::to_string(steps) + " steps", "it is 0 or more");
  Fit fit;
  fit.window = options.window;
  fit.losses.reserve(static_cast<std::size_t>(steps));
  Progress progress(options.progress, steps);
  for (Index i = 0; i < steps && !fit.converged; ++i) {
    fit.losses.push_back(step(model, guide));
    progress.update(i + 1, fit.losses.back());
    if (options.tolerance > 0 && (i + 1) % options.window == 0) {
      fit.converged = fit.relative_change() <= options.tolerance;
    }
  }
  fit.seconds = progress.seconds();
  return fit;
}

}  // namespace ember::inference
