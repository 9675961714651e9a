// Files that somebody or something has damaged: each is an Error that says which file and where,
// and nothing has changed.
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>
#include <ember/core/npy.hpp>
#include <ember/core/read_csv.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "damage.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

constexpr int kInstances = 20;

std::string file(const std::string& name) {
  return (std::filesystem::temp_directory_path() /
          ("ember" + std::to_string(getpid()) + ".damaged." + name))
      .string();
}

void model() {
  static const Tensor y = tensor({0.5, 1.5, -1.0, 2.0, 0.0, 1.0});
  const Tensor mu = sample("mu", dist::Normal(0.5, 1));
  const Tensor sd = param("sd", 1.5, constraints::positive);
  sample("t", dist::Transformed(dist::Normal(0, 1), {transforms::exp(), transforms::affine(1, 2)}));
  plate rows("rows", 6, {.subsample_size = 3});
  const Tensor z = sample("z", dist::Normal(mu, 1).mask(mask_of({true, false, true})));
  const Tensor b =
      sample("b", dist::Bernoulli({.logits = z}), {.infer = {{"note", std::string("a")}}});
  sample("y", dist::Normal(z + b, sd), {.obs = rows.subsample(y)});
}

// All damages of a JSON file; `state` is what may not change.
void check_json(const std::string& good, const std::function<void(const std::string&)>& load,
                const std::function<std::string()>& state) {
  const nlohmann::json content = nlohmann::json::parse(detail::read_file(good));
  const std::string bad = file("bad.json");
  Damager damager(17);
  for (int kind = 0; kind < kDamages; ++kind) {
    for (int i = 0; i < kInstances; ++i) {
      const std::string text = damager.damaged(content, static_cast<Damage>(kind));
      detail::write_file(bad, text);
      const std::string before = state();
      const std::string error = error_of([&] { load(bad); });
      CAPTURE(kind, i, text.substr(0, 3000), error);
      CHECK(has(error, bad.c_str()));
      CHECK(has(error, "json "));
      CHECK(state() == before);
    }
  }
  load(good);
  std::filesystem::remove(bad);
  std::filesystem::remove(good);
}

std::string saved_params() {
  param_store().save(file("state"));
  return detail::read_file(file("state"));
}

void refused(const std::string& text, const char* reason,
             const std::function<void(const std::string&)>& load) {
  const std::string bad = file("bad");
  detail::write_file(bad, text);
  const std::string error = error_of([&] { load(bad); });
  CAPTURE(text.substr(0, 300), error, reason);
  CHECK(has(error, bad.c_str()));
  CHECK(has(error, reason));
}

}  // namespace

TEST_CASE("damaged traces") {
  begin(5);
  handlers::trace(model).get_trace().save(file("trace"));
  check_json(
      file("trace"), [](const std::string& f) { Trace::load(f); }, saved_params);
}

TEST_CASE("a transformed distribution of an unknown family keeps the densities of its file") {
  begin(5);
  nlohmann::json content = handlers::trace(model).get_trace().to_json();
  for (auto& site : content["sites"]) {
    if (site["name"] == "t") site["distribution"]["base"]["family"] = "Foreign";
  }
  CHECK(Trace::from_json(content).to_json() == content);
}

TEST_CASE("damaged parameter stores") {
  begin(5);
  param("a", tensor({{0.25, 0.5}, {1, 2}}));
  param("b", 1.5, constraints::interval(1, tensor({2.0, 3.0})));
  param("c", tensor({0.2, 0.8}), constraints::simplex);
  param_store().save(file("params"));
  param_store().clear();
  param("a", 1.0);
  check_json(
      file("params"), [](const std::string& f) { param_store().load(f); }, saved_params);
  CHECK(param_store().contains("c"));
}

TEST_CASE("damaged checkpoints leave the store, the optimiser and the random numbers alone") {
  begin(5);
  infer::AutoNormal guide(handlers::block(model, {.hide = {"b"}}));
  infer::SVI svi(handlers::block(model, {.hide = {"b"}}), guide, infer::Adam({.lr = 0.05}),
                 infer::TraceELBO());
  svi.run(3, {});
  svi.save(file("checkpoint"));
  svi.run(3, {});
  check_json(
      file("checkpoint"), [&](const std::string& f) { svi.load(f); },
      [&] {
        svi.save(file("state"));
        return detail::read_file(file("state"));
      });
}

TEST_CASE("damaged records of a fit") {
  infer::Fit fit;
  fit.losses = {3.5, 2.25, 1.125};
  fit.seconds = 0.5;
  fit.window = 2;
  fit.save(file("fit"));
  check_json(
      file("fit"), [](const std::string& f) { infer::Fit::load(f); }, saved_params);
}

namespace {

// All damages of a table or an array.
template <class D>
void check_damages(unsigned seed, const std::function<void(const std::string&)>& load) {
  D damager(seed);
  for (int kind = 0; kind < kDamages; ++kind) {
    for (int i = 0; i < kInstances; ++i) {
      CAPTURE(kind, i);
      const auto [text, reason] = damager.damaged(static_cast<Damage>(kind));
      refused(text, reason.c_str(), load);
    }
  }
}

}  // namespace

TEST_CASE("damaged tables and draws name line and column") {
  const auto table = [](const std::string& f) { read_csv(f); };
  const auto draws = [](const std::string& f) { load_draws(f); };
  check_damages<TableDamager>(3, table);
  check_damages<TableDamager>(4, draws);
  refused("x\n1e999\n", "line 2, column 1", table);
  for (int lines = 0; lines < 5; ++lines) {
    refused(std::string(static_cast<std::size_t>(lines), '\n'), "has no line", table);
    refused(std::string(static_cast<std::size_t>(lines), '\n'), "has no header", draws);
  }
  refused("x.1,x.4611686018427387904\n1,2\n", "header", draws);
  refused("x.1.3037000500.3037000500\n1\n", "header", draws);
}

TEST_CASE("damaged arrays name the byte") {
  const auto load = [](const std::string& f) { load_npy(f); };
  check_damages<ArrayDamager>(5, load);
  save_npy(file("npy"), tensor({{1, 2, 3}, {4, 5, 6}}));
  const std::string good = detail::read_file(file("npy"));
  for (std::size_t n = 0; n < good.size(); ++n) refused(good.substr(0, n), "at byte", load);
  refused("x" + good, "at byte 0", load);
  refused(std::string(good).insert(good.find('}') + 1, "x"), "at byte", load);
  std::filesystem::remove(file("npy"));
  std::filesystem::remove(file("bad"));
  std::filesystem::remove(file("state"));
}
