// A file that has lost a key: an Error, or what the format says of an absent one; never silently
// another value.
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include <ember/core/json.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;
using nlohmann::json;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// Whatever a site may have, each with an effect of its own.
void everything() {
  const Tensor mu = sample("mu", dist::Normal(0.5, 1), {.infer = {{"note", std::string("a")}}});
  const Tensor sd = param("sd", 1.5, constraints::positive);
  sample("w", dist::Normal(0, 1).expand({2, 3}).mask(mask_of({true, false, true})).to_event(1));
  sample("t", dist::Transformed(dist::Normal(0, 1), {transforms::exp(), transforms::affine(1, 2)}));
  sample("v", dist::MultivariateNormal(zeros({2}), {.scale_tril = tensor({{1., 0.}, {0.5, 2.}})}));
  sample("k", dist::Categorical({.logits = tensor({0.1, 1, 2})}));
  factor("f", -square(mu));
  deterministic("twice", 2 * mu);
  plate outer("outer", 100, {.subsample = Indices{3, 50}});
  plate inner("inner", 3);
  with inside(h::mask(mask_of({true, true, false, true, true, true}, {3, 2})), h::scale(0.7),
              h::scale(tensor({1.0, 2.0})));
  sample("x", dist::Normal(mu, sd).mask(mask_of({false, true})),
         {.obs = tensor({{0.1, kNaN}, {kNaN, 2}, {3, -2}}),
          .obs_mask = mask_of({true, false, true, true, false, true}, {3, 2})});
}

void latents() {
  const Tensor mu = sample("mu", dist::Normal(0.5, 1).mask(mask_of({true, false})));
  plate rows("rows", 2);
  sample("y", dist::Normal(mu, param("sd", 1.5, constraints::positive)), {.obs = tensor({1., 2.})});
}

std::string file(const std::string& name) {
  return (std::filesystem::temp_directory_path() /
          ("ember" + std::to_string(getpid()) + ".removed." + name))
      .string();
}

using Pointer = json::json_pointer;

// The keys of all objects; those of tables by name are no keys of a format.
void collect(const json& value, const Pointer& at, std::vector<Pointer>& keys) {
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], at / i, keys);
  }
  if (!value.is_object()) return;
  static const std::set<std::string> kTables{"infer", "counts", "baselines"};
  const bool is_table =
      !at.empty() && (kTables.contains(at.back()) ||
                      (at.back() == "params" && at.parent_pointer().back() == "optimizer"));
  for (const auto& item : value.items()) {
    if (!is_table) keys.push_back(at / item.key());
    collect(item.value(), at / item.key(), keys);
  }
}

// `again` reads a file and writes what it has read.
void check(const std::string& path, const std::function<json(const std::string&)>& again,
           const std::set<std::string>& optional) {
  const json good = json::parse(detail::read_file(path));
  CHECK(again(path) == good);
  std::vector<Pointer> keys;
  collect(good, Pointer(), keys);
  CHECK(keys.size() >= 5);
  for (const Pointer& key : keys) {
    json less = good;
    (key.parent_pointer().empty() ? less : less[key.parent_pointer()]).erase(key.back());
    detail::write_file(path, less.dump());
    INFO(key.to_string());
    json read;
    const std::string error = error_of([&] { read = again(path); });
    if (optional.contains(key.back())) {
      CHECK(error == "no error");
    } else {
      CHECK(has(error, path.c_str()));
      CHECK(has(error, "json "));
    }
  }
  std::filesystem::remove(path);
}

void begin() {
  param_store().clear();
  set_rng_seed(5);
}

}  // namespace

TEST_CASE("traces without a key") {
  begin();
  const std::string path = file("trace");
  h::trace(everything, {.relations = true}).get_trace().save(path);
  check(path, [](const std::string& f) { return Trace::load(f).to_json(); }, {"parents"});
}

TEST_CASE("traces of guides without a key") {
  begin();
  const std::string path = file("trace");
  infer::AutoNormal guide(latents);
  guide();
  h::trace(guide).get_trace().save(path);
  check(path, [](const std::string& f) { return Trace::load(f).to_json(); }, {});
}

TEST_CASE("parameter stores without a key") {
  begin();
  param("b", 1.5, constraints::interval(1, tensor({2.0, 3.0})));
  param("e", tensor({1.0, 2.0}), constraints::positive.independent(1));
  const std::string path = file("params");
  param_store().save(path);
  const auto again = [&](const std::string& f) {
    ParamStore store;
    store.load(f);
    store.save(file("again"));
    return json::parse(detail::read_file(file("again")));
  };
  check(path, again, {"value"});
  std::filesystem::remove(file("again"));
}

TEST_CASE("checkpoints without a key") {
  begin();
  infer::AutoNormal guide(latents);
  infer::SVI svi(latents, guide, infer::RMSprop({.lr = 0.01, .momentum = 0.5, .centered = true}));
  svi.run(2, {});
  const std::string path = file("checkpoint");
  svi.save(path);
  const auto again = [&](const std::string& f) {
    svi.load(f);
    svi.save(file("again"));
    return json::parse(detail::read_file(file("again")));
  };
  check(path, again, {"value", "third"});
  std::filesystem::remove(file("again"));
}

TEST_CASE("fits without a key") {
  const std::string path = file("fit");
  infer::Fit{.losses = {3.5, 2.25}, .seconds = 0.5, .window = 2}.save(path);
  const auto again = [&](const std::string& f) {
    infer::Fit::load(f).save(file("again"));
    return json::parse(detail::read_file(file("again")));
  };
  check(path, again, {});
  std::filesystem::remove(file("again"));
}
