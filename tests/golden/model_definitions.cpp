#include "model_definitions.hpp"

#include <fstream>
#include <limits>
#include <sstream>

#include <ember/distributions/family.hpp>

namespace golden {

using namespace ember;
namespace h = ember::handlers;
namespace dist = ember::distributions;

Data::Data(const json& test, const std::string& folder) : data_(test.value("data", json())) {
  if (!test.contains("data_file")) return;
  std::ifstream in(folder + "/" + test["data_file"].get<std::string>());
  std::ostringstream text;
  text << in.rdbuf();
  file_ = text.str();
}

Tensor Data::operator[](const char* name) const { return golden::tensor(data_.at(name)); }
Mask Data::mask(const char* name) const { return golden::mask(data_.at(name)); }

dist::Distribution family(const std::string& name, const Values& parameters) {
  const dist::FamilyInfo* info = dist::find_family(name);
  if (info == nullptr) throw Skip{"family " + name};
  std::vector<Tensor> values(info->parameters.size());
  std::size_t used = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto found = parameters.find(info->parameters[i].name);
    if (found == parameters.end()) continue;
    values[i] = found->second;
    ++used;
  }
  if (used != parameters.size()) throw Skip{"family " + name + " with these parameters"};
  return info->make(values);
}

namespace {

Model eight_schools(const Data& d) {
  return [y = d["y"], sigma = d["sigma"]] {
    const Tensor mu = sample("mu", dist::Normal(0, 5));
    const Tensor tau = sample("tau", dist::HalfCauchy(5));
    plate schools("J", 8);
    const Tensor z = sample("z", dist::Normal(0, 1));
    sample("y", dist::Normal(mu + tau * z, sigma), {.obs = y});
  };
}

Model eight_schools_missing(const Data& d) {
  return [y = d["y"], sigma = d["sigma"], observed = d.mask("observed")] {
    const Tensor mu = sample("mu", dist::Normal(0, 5));
    const Tensor tau = sample("tau", dist::HalfCauchy(5));
    plate schools("J", 8);
    const Tensor z = sample("z", dist::Normal(0, 1));
    with inside(h::mask(observed));
    sample("y", dist::Normal(mu + tau * z, sigma), {.obs = y});
  };
}

Model masked_categorical(const Data& d) {
  return [x = d["x"], y = d["y"], mask = d.mask("mask"), c = static_cast<Index>(d["C"].item())] {
    const Index features = x.shape()[2];
    const Tensor w = sample("w", dist::Normal(0, 1).expand({features, c}).to_event(2));
    plate rows("rows", x.shape()[0]);
    sample("y", dist::Categorical({.logits = matmul(x, w)}).mask(mask).to_event(1), {.obs = y});
  };
}

Model handler_mask(const Data& d) {
  return [y = d["y"], m_rows = d.mask("m_rows"), m_cells = d.mask("m_cells"),
          m_dist = d.mask("m_dist"), s_cols = d["s_cols"]] {
    const Tensor slope = sample("slope", dist::Normal(0, 1));
    plate rows("rows", y.shape()[0], {.dim = -2});
    plate cols("cols", y.shape()[1], {.dim = -1});
    with inside(h::mask(m_rows), h::scale(0.7), h::mask(m_cells), h::scale(s_cols));
    const Tensor a = sample("a", dist::Normal(0, 1));
    sample("y", dist::Normal(a * slope, 0.5).mask(m_dist), {.obs = y});
  };
}

Model nested_scales(const Data& d) {
  return [y = d["y"], m = d.mask("m"), w = d["w"], t = d["t"]] {
    const Tensor mu = sample("mu", dist::Normal(0, 2));
    with twice(h::scale(2));
    {
      plate n("N", 4);
      with weighted(h::scale(w));
      const Tensor x = sample("x", dist::Normal(mu, 1));
      with inside(h::scale(0.25), h::mask(m));
      sample("y", family("StudentT", {{"df", 4}, {"loc", x}, {"scale", 0.8}}), {.obs = y});
    }
    sample("t", dist::Normal(mu, 3), {.obs = t});
  };
}

Model mask_constants(const Data& d) {
  return [e = d["e"], y = d["y"], m = d.mask("m")] {
    const Tensor a = sample("a", dist::Normal(0, 1).mask(false));
    const Tensor b = sample("b", dist::Normal(a, 1).mask(true));
    Tensor c;
    {
      with inside(h::mask(false));
      c = sample("c", dist::Normal(b, 0.5));
      with further(h::mask(true));
      sample("e", dist::Normal(c, 0.5), {.obs = e});
    }
    plate n("N", 3);
    with inside(h::mask(true));
    sample("y", dist::Normal(a + c, 1).mask(m), {.obs = y});
  };
}

Model obs_mask_normal(const Data& d) {
  return [x_obs = d["x"], x_mask = d.mask("x_mask"), y = d["y"]] {
    const Tensor mu = sample("mu", dist::Normal(0, 2));
    const Tensor beta = sample("beta", dist::Normal(0, 1));
    plate n("N", y.numel());
    const Tensor x = sample("x", dist::Normal(mu, 1.5), {.obs = x_obs, .obs_mask = x_mask});
    sample("y", dist::Normal(beta * x, 0.3), {.obs = y});
  };
}

Model obs_mask_mvn(const Data& d) {
  return [x_obs = d["x"], x_mask = d.mask("x_mask"), y = d["y"], scale_tril = d["L"]] {
    const Tensor loc = sample("loc", dist::Normal(0, 1).expand({3}).to_event(1));
    plate n("N", y.numel());
    const auto vectors = family("MultivariateNormal", {{"loc", loc}, {"scale_tril", scale_tril}});
    const Tensor x = sample("x", vectors, {.obs = x_obs, .obs_mask = x_mask});
    sample("y", dist::Normal(sum(x, -1), 0.5), {.obs = y});
  };
}

Model obs_mask_outer(const Data& d) {
  return [x_obs = d["x"], x_mask = d.mask("x_mask"), outer = d.mask("outer"),
          m_dist = d.mask("m_dist"), y = d["y"]] {
    const Tensor mu = sample("mu", dist::Normal(0, 2));
    with scaled(h::scale(0.5));
    plate n("N", y.numel());
    Tensor x;
    {
      with inside(h::mask(outer));
      x = sample("x", dist::Normal(mu, 1).mask(m_dist), {.obs = x_obs, .obs_mask = x_mask});
    }
    sample("y", dist::Normal(x, 0.8), {.obs = y});
  };
}

Model obs_mask_grid(const Data& d) {
  return [x_obs = d["x"], x_mask = d.mask("x_mask"), y = d["y"], m = d.mask("m")] {
    Tensor r, c;
    {
      plate rows("rows", y.shape()[0], {.dim = -2});
      r = sample("r", dist::Normal(0, 1));
    }
    {
      plate cols("cols", y.shape()[1], {.dim = -1});
      c = sample("c", dist::Normal(0, 1));
    }
    plate rows("rows", y.shape()[0], {.dim = -2});
    plate cols("cols", y.shape()[1], {.dim = -1});
    const Tensor x = sample("x", dist::Normal(r + c, 1), {.obs = x_obs, .obs_mask = x_mask});
    with inside(h::mask(m));
    sample("y", dist::Poisson(exp(0.5 * x)), {.obs = y});
  };
}

Model subsample_plate(const Data& d) {
  return [y = d["y"], idx = d.indices("idx")] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate items("items", 10, {.subsample = idx});
    const Tensor z = sample("z", dist::Normal(mu, 1));
    sample("y", dist::Normal(z, 0.5), {.obs = items.subsample(y)});
  };
}

Model subsample_nested(const Data& d) {
  return [y = d["y"], mask = d.mask("mask"), io = d.indices("io"), ii = d.indices("ii")] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate outer("outer", 6, {.dim = -2, .subsample = io});
    const Tensor u = sample("u", dist::Normal(mu, 1));
    plate inner("inner", 5, {.dim = -1, .subsample = ii});
    with inside(h::scale(0.5), h::mask(inner.subsample(outer.subsample(mask, 0), 1)));
    sample("y", dist::Normal(u, 0.7), {.obs = inner.subsample(outer.subsample(y, 0), 1)});
  };
}

Model nested_plates(const Data& d) {
  return [y = d["y"], row_mask = d.mask("row_mask"), col_mask = d.mask("col_mask"),
          cell_mask = d.mask("cell_mask")] {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    Tensor a, b;
    {
      plate rows("rows", y.shape()[0], {.dim = -2});
      with inside(h::mask(row_mask));
      a = sample("a", dist::Normal(mu, 1));
    }
    {
      plate cols("cols", y.shape()[1], {.dim = -1});
      with inside(h::mask(col_mask));
      b = sample("b", dist::Normal(0, 1));
    }
    plate rows("rows", y.shape()[0], {.dim = -2});
    plate cols("cols", y.shape()[1], {.dim = -1});
    with inside(h::mask(cell_mask));
    sample("y", dist::Normal(a + b, 0.7), {.obs = y});
  };
}

Model seq_poisson(const Data& d) {
  return [y = d["y"], lengths = d["lengths"]] {
    const Tensor s = sample("s", dist::LogNormal(-1, 0.5));
    plate seq("seq", y.shape()[0]);
    Tensor state = 0;
    for (Index t = 0; t < y.shape()[1]; ++t) {
      const std::string step = std::string("_").append(std::to_string(t));
      with inside(h::mask(lengths > t));
      state = sample("h" + step, dist::Normal(state, s));
      sample("y" + step, dist::Poisson(exp(state)), {.obs = select(y, 1, t)});
    }
  };
}

Model seq_vector(const Data& d) {
  return [y = d["y"], lengths = d["lengths"]] {
    const Index n = y.shape()[0];
    const Index steps = y.shape()[1];
    const Mask m = arange(steps) < lengths.reshape({n, 1});
    const Tensor s = sample("s", dist::LogNormal(-1, 0.5));
    plate seq("seq", n);
    const Tensor e = sample("e", dist::Normal(0, 1).expand({n, steps}).mask(m).to_event(1));
    const Tensor state = s * cumsum(where(m, e, 0), -1);
    sample("y", dist::Normal(state, 0.5).mask(m).to_event(1), {.obs = y});
  };
}

Mask column(const Mask& mask, Index k) {
  const Index one[] = {k};
  return index_select(mask, 1, one).reshape({mask.shape()[0]});
}

Model multi_task(const Data& d) {
  return [x = d["x"], y = d["y"], mask = d.mask("mask")] {
    const Tensor w = sample("w", dist::Normal(0, 1).expand({3, x.shape()[1]}).to_event(2));
    const Tensor s = sample("s", dist::HalfNormal(1));
    plate n("N", x.shape()[0]);
    const Tensor u = sample("u", dist::Normal(0, 1));
    const Tensor f = matmul(x, transpose(w)) + u.reshape({x.shape()[0], 1});
    const auto task = [&](Index k) { return select(y, 1, k); };
    {
      with inside(h::mask(column(mask, 0)));
      sample("y_real", dist::Normal(select(f, 1, 0), s), {.obs = task(0)});
    }
    {
      with inside(h::mask(column(mask, 1)));
      sample("y_binary", dist::Bernoulli({.logits = select(f, 1, 1)}), {.obs = task(1)});
    }
    with inside(h::mask(column(mask, 2)));
    sample("y_count", dist::Poisson(exp(select(f, 1, 2))), {.obs = task(2)});
  };
}

Model factor_mask(const Data& d) {
  return [y = d["y"], m = d.mask("m")] {
    const Tensor x = sample("x", dist::Normal(0, 2));
    factor("double_well", -0.5 * square(square(x) - 1));
    {
      plate n("N", y.numel());
      const Tensor z = sample("z", dist::Normal(x, 1));
      with inside(h::mask(m), h::scale(0.3));
      factor("potential", -pow(abs(z - y), 1.5));
    }
    sample("y", dist::Normal(0, 1).expand(y.shape()).mask(m).to_event(1), {.obs = y});
  };
}

// The values of a case's parameters stand in for these initial ones, and its constraints for these.
Model linear_params(const Data& d) {
  return [x = d["x"], y = d["y"], m = d.mask("m")] {
    const Tensor w = param("w", zeros({x.shape()[1]}));
    const Tensor b = param("b", 0);
    const Tensor sigma = param("sigma", 1, constraints::positive);
    const Tensor df = param("df", 3);
    plate n("N", y.numel());
    with inside(h::mask(m));
    const Tensor u = sample("u", dist::Normal(b, sigma));
    const Tensor loc = matmul(x, w) + u;
    sample("y", family("StudentT", {{"df", df}, {"loc", loc}, {"scale", sigma}}), {.obs = y});
  };
}

Model plated_params(const Data& d) {
  return [y = d["y"], idx = d.indices("idx")] {
    plate items("items", 6, {.subsample = idx});
    const Tensor a = param("a", zeros({6}), constraints::real, {.event_dim = 0});
    const Tensor s = param("s", ones({6}), constraints::positive, {.event_dim = 0});
    const Tensor z = sample("z", dist::Normal(a, s));
    sample("y", dist::Normal(z, 1), {.obs = items.subsample(y)});
  };
}

// The data file's nested list as a tensor, NaN where it is shorter than the others or -1.
Tensor ragged(const json& rows, std::size_t columns) {
  std::vector<Real> values;
  for (const json& row : rows) {
    for (std::size_t k = 0; k < columns; ++k) {
      const double v = k < row.size() ? row[k].get<double>() : -1;
      values.push_back(v == -1 ? std::numeric_limits<Real>::quiet_NaN() : static_cast<Real>(v));
    }
  }
  return ember::tensor(values, {rows.size(), columns});
}

// sigmoid differences as logarithms: log Q_a + log(1 - Q_b) + log(1 - exp(-delta (b - a))).
Model bones(const Data& d) {
  const json file = json::parse(d.file());
  const Index children = file["nChild"].get<Index>();
  const Index indicators = file["nInd"].get<Index>();
  const Tensor grade = ragged(file["grade"], file["grade"][0].size());
  const Tensor gamma = ragged(file["gamma"], 4).reshape({1, indicators, 4});
  const Tensor delta =
      ember::tensor(file["delta"].get<std::vector<double>>()).reshape({1, indicators, 1});
  std::vector<Real> never(static_cast<std::size_t>(indicators), 0);
  const Tensor lowest = ember::tensor(never, {1, indicators, 1});
  return [=] {
    Tensor theta;
    {
      plate child("child", children, {.dim = -1});
      theta = sample("theta", dist::Normal(0, 36));
    }
    const Tensor x = delta * (theta.reshape({children, 1, 1}) - gamma);  // (13, 34, 4), NaN: absent
    const Tensor log_q = -softplus(-x);
    const Tensor log_not_q = -softplus(x);
    const Tensor gap = delta * (gamma.slice(2, 1, 4) - gamma.slice(2, 0, 3));
    const Tensor middle = log_q.slice(2, 0, 3) + log_not_q.slice(2, 1, 4) + log(-expm1(-gap));
    const Mask last = isnan(concatenate({gamma.slice(2, 1, 4), full({1, indicators, 1}, NAN)}, 2)) &
                      !isnan(gamma);
    const Tensor above = concatenate({middle, full({children, indicators, 1}, NAN)}, 2);
    const Tensor upper = where(last, log_q, above);
    const Tensor logits = concatenate({log_not_q.slice(2, 0, 1) + lowest, upper}, 2);
    const Tensor present = where(isnan(logits), -INFINITY, logits);
    plate rows("rows", children, {.dim = -2});
    plate columns("columns", indicators, {.dim = -1});
    with inside(h::mask(!isnan(grade)));
    sample("grade", dist::Categorical({.logits = present}), {.obs = grade - 1});
  };
}

Model small(const Data& d) {
  return [z = d["z"]] {
    const Tensor loc = param("loc", 0.3);
    const Tensor s = param("s", 1.2, constraints::positive);
    const Tensor x = sample("x", dist::Normal(loc, s));
    plate n("N", 3);
    const Tensor y = sample("y", dist::Normal(x, 1));
    sample("z", dist::Normal(y, 0.5), {.obs = z});
  };
}

Model house_votes(const Data& d) {
  std::istringstream in(d.file());
  std::string line;
  std::getline(in, line);
  std::vector<Real> votes;
  while (std::getline(in, line)) {
    std::istringstream row(line);
    std::string cell;
    std::getline(row, cell, ',');
    while (std::getline(row, cell, ',')) {
      votes.push_back(cell[0] == 'y' ? 1 : cell[0] == 'n' ? 0 : NAN);
    }
  }
  const Tensor y = ember::tensor(votes, {435, 16});
  return [y] {
    Tensor theta, a, b;
    {
      plate each("each_member", 435);
      theta = sample("theta", dist::Normal(0, 1));
    }
    {
      plate each("each_vote", 16);
      a = sample("a", dist::Normal(0, 2));
      b = sample("b", dist::Normal(0, 2));
    }
    plate members("members", 435, {.dim = -2});
    plate columns("votes", 16, {.dim = -1});
    with inside(h::mask(!isnan(y)));
    sample("vote", dist::Bernoulli({.logits = a * theta.reshape({435, 1}) + b}), {.obs = y});
  };
}

}  // namespace

const std::map<std::string, std::function<Model(const Data&)>>& model_definitions() {
  static const std::map<std::string, std::function<Model(const Data&)>> definitions{
      {"eight_schools", eight_schools},
      {"eight_schools_missing", eight_schools_missing},
      {"masked_categorical", masked_categorical},
      {"handler_mask", handler_mask},
      {"nested_scales", nested_scales},
      {"mask_constants", mask_constants},
      {"obs_mask_normal", obs_mask_normal},
      {"obs_mask_mvn", obs_mask_mvn},
      {"obs_mask_outer", obs_mask_outer},
      {"obs_mask_grid", obs_mask_grid},
      {"subsample_plate", subsample_plate},
      {"subsample_nested", subsample_nested},
      {"nested_plates", nested_plates},
      {"seq_poisson", seq_poisson},
      {"seq_vector", seq_vector},
      {"multi_task", multi_task},
      {"factor_mask", factor_mask},
      {"linear_params", linear_params},
      {"plated_params", plated_params},
      {"bones", bones},
      {"house_votes", house_votes},
      {"handlers", small},
  };
  return definitions;
}

}  // namespace golden
