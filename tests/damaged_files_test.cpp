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
  for (int kind = 0; kind < 10; ++kind) {
    for (int i = 0; i < kInstances; ++i) {
      const std::string text = damager.damaged(content, static_cast<Damage>(kind));
      detail::write_file(bad, text);
      const std::string before = state();
      const std::string error = error_of([&] { load(bad); });
      CAPTURE(kind, i, text.substr(0, 3000), error);
      CHECK(has(error, bad.c_str()));
      CHECK(has(error, "json /"));
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

TEST_CASE("damaged tables and draws name line and column") {
  std::mt19937 random(3);
  const auto table = [](const std::string& f) { read_csv(f); };
  const auto draws = [](const std::string& f) { load_draws(f); };
  for (const auto& load : {std::function<void(const std::string&)>(table), {draws}}) {
    for (int i = 0; i < kInstances; ++i) {
      std::vector<std::vector<std::string>> cells{{"a", "b", "c"}};
      for (int r = 0; r < 6; ++r) cells.push_back({"1.5", "2", "-3e2"});
      const std::size_t r = 1 + random() % 6;
      const std::size_t c = random() % 3;
      const auto text = [&] {
        std::string all;
        for (const auto& row : cells) {
          for (const auto& cell : row) all += cell + (&cell == &row.back() ? "\n" : ",");
        }
        return all;
      };
      const std::string place =
          "line " + std::to_string(r + 1) + ", column " + std::to_string(c + 1);
      const auto with = [&](const std::string& cell, const std::string& reason) {
        const std::string good = std::exchange(cells[r][c], cell);
        refused(text(), reason.c_str(), load);
        cells[r][c] = good;
      };
      with("abc", place);
      with("1.5x", place);
      for (const char* huge : {"1e999", "-1e999", "1e-999", "9223372036854775809"}) {
        with(huge, place);
      }
      for (const char* nan : {"NaNN", "#NUM!", "+-nan", "1.#INF"}) with(nan, place);
      with(std::string(100000, '['), place);
      with("\"1.5", "line ");
      with("1\"5", place);
      with("\xff", "byte ");
      with("\xc3(", "byte ");
      with(std::string(1, '\0'), "byte ");
      with("1,5", "line " + std::to_string(r + 1));
      cells[r].pop_back();
      refused(text(), ("line " + std::to_string(r + 1) + ", column 3").c_str(), load);
      cells[0][c] = cells[0][(c + 1) % 3];
      refused(text(), "a second column", load);
      refused(std::string(random() % 5, '\n'), "", load);
    }
  }
  const auto one = [](const char* cell) { return std::string("x\n") + cell + "\n"; };
  refused(one("1e999"), "line 2, column 1", table);
  refused("x.1,x.4611686018427387904\n1,2\n", "header", draws);
  refused("x.1.3037000500.3037000500\n1\n", "header", draws);
}

TEST_CASE("damaged arrays name the byte") {
  std::mt19937 random(4);
  save_npy(file("npy"), tensor({{1.5, 2, 3}, {4, 5, 6}}));
  const std::string good = detail::read_file(file("npy"));
  const auto load = [](const std::string& f) { load_npy(f); };
  const auto with = [&](const char* part, std::string other, const char* reason) {
    std::string text = good;
    const std::size_t length = std::strlen(part);
    const std::size_t at = text.find(part);
    REQUIRE(at != std::string::npos);
    // the header keeps its length
    const std::size_t end = text.find('\n');
    const std::size_t grown = other.size() - length;
    text.replace(at, length, other);
    text.erase(end, grown);
    refused(text, reason, load);
  };
  for (int i = 0; i < kInstances; ++i) {
    refused(good.substr(0, random() % good.size()), "at byte", load);
    refused(good + std::string(1 + random() % 100, 'x'), "at byte", load);
    refused(std::string(random() % 9, 'x') + good.substr(0, 0), "at byte", load);
    with("(2, 3)", "(2, " + std::to_string(4 + random() % 100) + ")", "at byte");
  }
  with("(2, 3)", "(1000000000000,)", "at byte");
  with("(2, 3)", "(9223372036854775808,)", "at byte");
  with("(2, 3)", "(2, -3)", "at byte");
  with("(2, 3)", "((((((((((((2, 3)", "at byte");
  with("'fortran_order': False, ", "'shape': (2, 3), 'shape': ", "at byte");
  with("'fortran_order': False, ", std::string(24, ' '), "fortran_order");
  with("'<f8'", "'!f8'  ", "'!f8'");
  with("}", "} x", "at byte");
  std::filesystem::remove(file("npy"));
  std::filesystem::remove(file("bad"));
  std::filesystem::remove(file("state"));
}
