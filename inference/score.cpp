#include <ember/inference/score.hpp>

#include <algorithm>

#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reads.hpp>
#include <ember/distributions/family.hpp>
#include <ember/handlers/visible_value.hpp>
#include <ember/inference/infer_option.hpp>

namespace ember::inference {
namespace {

bool share_plate(const Plates& a, const Plates& b, Index dim) {
  const auto at = [dim](const Plates& plates) {
    return std::find_if(plates.begin(), plates.end(),
                        [dim](const PlateFrame& plate) { return plate.dim == dim; });
  };
  const auto in_a = at(a);
  const auto in_b = at(b);
  return in_a != a.end() && in_b != b.end() && in_a->name == in_b->name;
}

// The part of a term that belongs to each element of a site: all dims summed but those of plates
// that both share. (A dim that no plate declares is one of dependence.)
Tensor shared_part(Tensor x, const Plates& term, const Plates& site) {
  Shape shape;
  for (Index k = x.dim(); k > 0; --k) {
    if (share_plate(term, site, -k)) continue;
    x = sum(x, -k, true);
  }
  for (Index k = x.dim(); k > 0; --k) {
    const Index size = x.shape().from_right(static_cast<std::size_t>(k));
    if (size != 1 || shape.rank() > 0) shape.push_back(size);
  }
  return x.reshape(shape);
}

// log q of what was drawn: an element that a mask repeats was drawn once.
Tensor score(const Site& site) {
  const distributions::Distribution& q = site.distribution;
  return q.log_prob(site.value, visible_part(site.outer_mask(), q.element_shape()));
}

bool parameters_depend_on(const Site& site, const detail::Node& input) {
  const auto parameters = site.distribution.family().parameters();
  return parameters.empty() ||
         std::any_of(parameters.begin(), parameters.end(), [&](const auto& parameter) {
           return detail::depends_on(parameter.value.node(), input);
         });
}

}  // namespace

bool is_drawn_by_model(const Site& site, const Trace& guide) {
  return site.kind == SiteKind::latent && site.outer_masks().obs &&
         site.distribution.support().is_discrete() && !guide.contains(site.name);
}

Tensor ScoreTerms::cost(const Site& site, const Chosen& model, std::size_t guide_begin) const {
  Tensor total = 0;
  const auto part = [&](const Site& term) {
    return shared_part(detach(term.log_prob()), term.plates, site.plates);
  };
  for (std::size_t i = 0; i < model_.size(); ++i) {
    if (model[i]) total = total + part(model_.begin()[static_cast<std::ptrdiff_t>(i)]);
  }
  for (std::size_t i = guide_begin; guide_counts_ && i < guide_.size(); ++i) {
    const Site& term = guide_.begin()[static_cast<std::ptrdiff_t>(i)];
    if (term.has_distribution()) total = total - part(term);
  }
  return total;
}

// The average so far, which this draw's cost is added to for later ones. Members of a subsampled
// plate are others in each step: they share one average.
Tensor ScoreTerms::baseline(const Site& site, const Tensor& cost) {
  if (!infer_option(site, "use_decaying_avg_baseline", options_.use_decaying_avg_baseline)) {
    return 0;
  }
  const auto beta = static_cast<Real>(infer_option(site, "baseline_beta", options_.baseline_beta));
  if (!(beta >= 0 && beta < 1)) {
    fail("site '" + site.name.str() + "'", "baseline_beta is " + detail::shortest_text(beta),
         "it must be in [0, 1)");
  }
  Tensor average = cost;
  for (const PlateFrame& plate : site.plates) {
    if (plate.subsample_size == plate.size || -plate.dim > average.dim()) continue;
    average = mean(average, plate.dim, true);
  }
  Tensor& kept = baselines_[site.name.str()];
  former_.try_emplace(site.name.str(), kept);
  if (!kept.defined() || !(kept.shape() == average.shape())) {
    kept = tensor(std::vector<Real>(static_cast<std::size_t>(average.numel())), average.shape());
  }
  const Tensor before = kept;
  if (isfinite(average).is_all()) {
    const Tensor now = beta * before + (1 - beta) * average;
    kept = tensor(now.data(), now.shape());
  }
  return before;
}

void ScoreTerms::add(const Site& site, const Chosen& model, std::size_t guide_begin) {
  if (site.mask.is_none()) return;
  const Tensor full = cost(site, model, guide_begin);
  const Tensor term = sum(score(site) * (full - baseline(site, full)));
  total_ = total_.defined() ? total_ + term : term;
}

// Downstream of a guide's site are the guide's later sites, and all of the model from the first one
// on that takes the value of any of these.
void ScoreTerms::add_guide_sites() {
  Chosen downstream(model_.size(), false);
  std::size_t begin = model_.size();
  for (std::size_t g = guide_.size(); g-- > 0;) {
    const Site& site = guide_.begin()[static_cast<std::ptrdiff_t>(g)];
    if (site.kind != SiteKind::latent) continue;
    const Site* in_model = model_.find(site.name);
    const std::size_t first =
        in_model == nullptr ? begin : static_cast<std::size_t>(in_model - &*model_.begin());
    for (; begin > first; --begin) {
      const Site& term = model_.begin()[static_cast<std::ptrdiff_t>(begin - 1)];
      downstream[begin - 1] = term.has_distribution() && !is_drawn_by_model(term, guide_);
    }
    if (!site.distribution.has_rsample()) add(site, downstream, g);
  }
}

// Who reads a draw of the model: later sites whose density depends on it, and those who read a
// later such draw whose parameters do; all of them where somebody has looked at its numbers.
void ScoreTerms::add_model_draws(const std::vector<Name>& looked_at) {
  std::vector<Chosen> readers(model_.size());
  for (std::size_t k = model_.size(); k-- > 0;) {
    const Site& drawn = model_.begin()[static_cast<std::ptrdiff_t>(k)];
    if (!is_drawn_by_model(drawn, guide_)) continue;
    const bool by_all =
        std::find(looked_at.begin(), looked_at.end(), drawn.name) != looked_at.end();
    const detail::Node& input = drawn.value.node();
    Chosen& mine = readers[k];
    mine.assign(model_.size(), false);
    for (std::size_t i = k + 1; i < model_.size(); ++i) {
      const Site& site = model_.begin()[static_cast<std::ptrdiff_t>(i)];
      if (!site.has_distribution()) continue;
      if (!is_drawn_by_model(site, guide_)) {
        mine[i] = mine[i] || by_all || detail::depends_on(site.log_prob_sum().node(), input);
      } else if (by_all || parameters_depend_on(site, input)) {
        for (std::size_t r = i + 1; r < model_.size(); ++r) mine[r] = mine[r] || readers[i][r];
      }
    }
    if (std::find(mine.begin(), mine.end(), true) != mine.end()) {
      add(drawn, mine, guide_.size());
    }
  }
}

Tensor ScoreTerms::surrogate(const std::vector<Name>& looked_at) {
  add_guide_sites();
  add_model_draws(looked_at);
  return total_;
}

}  // namespace ember::inference
