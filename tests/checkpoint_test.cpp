// Checkpoints: a fit that goes on in a fresh process is the same, bit for bit, as one that was
// never interrupted; a damaged file changes nothing.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include <nlohmann/json.hpp>

#include <ember/ember.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

std::string file(const std::string& name) {
  return (std::filesystem::temp_directory_path() /
          ("ember" + std::to_string(getpid()) + "." + name))
      .string();
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Subsampled rows with local latents, a parameter, and a discrete draw of the model that is read:
// a score-function term with a baseline.
void model() {
  static const Tensor y = tensor({0.5, 1.5, -1.0, 2.0, 0.0, 1.0});
  static const Tensor k = tensor({1.0, kNaN, 0.0, kNaN, 1.0, 0.0});
  const Tensor mu = sample("mu", dist::Normal(0, 1));
  const Tensor sd = param("sd", 1.0, constraints::positive);
  const Tensor w = param("w", zeros({2}));
  plate rows("rows", 6, {.subsample_size = 3});
  const Tensor z = sample("z", dist::Normal(mu, 1));
  const Tensor kk = rows.subsample(k);
  const Tensor b = sample("b", dist::Bernoulli({.logits = z}), {.obs = kk, .obs_mask = !isnan(kk)});
  sample("y", dist::Normal(z + w[0] + b * w[1], sd), {.obs = rows.subsample(y)});
}

auto make_svi() {
  infer::AutoNormal guide(model);
  return infer::SVI(model, guide,
                    infer::ClippedAdam({.lr = 0.05,
                                        .clip_norm = 1,
                                        .lrd = 0.99,
                                        .schedule = infer::warm_up(10, infer::cosine(200))}),
                    infer::TraceELBO({.num_particles = 2, .use_decaying_avg_baseline = true}));
}

void write_losses(const std::string& path, const std::vector<Real>& losses) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(losses.data()),
            static_cast<std::streamsize>(losses.size() * sizeof(Real)));
}

constexpr const char* kFrom = "EMBER_TEST_CHECKPOINT";

}  // namespace

// The fresh process: this test program once more, with the name of a file in its environment.
TEST_CASE("a checkpoint goes on in this process", "[.resume]") {
  const char* from = std::getenv(kFrom);
  if (from == nullptr) return;
  auto svi = make_svi();
  svi.load(from);
  const infer::Fit fit = svi.run(50, {});
  write_losses(std::string(from) + ".losses", fit.losses);
  svi.save(std::string(from) + ".end");
}

TEST_CASE("50 steps, a fresh process and 50 more are 100 steps") {
  begin(11);
  auto svi = make_svi();
  svi.run(50, {});
  const std::string half = file("half");
  svi.save(half);
  const infer::Fit rest = svi.run(50, {});
  write_losses(file("losses"), rest.losses);
  svi.save(file("end"));
  CHECK(rest.losses.size() == 50);
  CHECK(text_of(file("end")) != text_of(half));

  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = std::string(kFrom) + "='" + half + "' '" + self +
                              "' 'a checkpoint goes on in this process' > /dev/null";
  REQUIRE(std::system(command.c_str()) == 0);
  CHECK(text_of(half + ".losses") == text_of(file("losses")));
  CHECK(text_of(half + ".end") == text_of(file("end")));
  CHECK(text_of(half + ".end").size() > 500);

  // Saving is not noticed, and neither is going on in the same process.
  begin(11);
  auto whole = make_svi();
  whole.run(100, {});
  whole.save(file("whole"));
  CHECK(text_of(file("whole")) == text_of(file("end")));
  whole.load(half);
  whole.run(50, {});
  whole.save(file("again"));
  CHECK(text_of(file("again")) == text_of(file("end")));
  for (const char* name : {"half", "half.losses", "half.end", "losses", "end", "whole", "again"}) {
    std::filesystem::remove(file(name));
  }
}

TEST_CASE("all moments of an optimiser are kept, and files without the third are read") {
  const auto make = [] {
    infer::AutoNormal guide(model);
    return infer::SVI(model, guide, infer::RMSprop({.momentum = 0.5, .centered = true}));
  };
  begin(11);
  auto svi = make();
  svi.run(20, {});
  svi.save(file("half"));
  const infer::Fit expected = svi.run(20, {});
  auto other = make();
  other.load(file("half"));
  CHECK(other.run(20, {}).losses == expected.losses);
  nlohmann::json content = nlohmann::json::parse(text_of(file("half")));
  content[nlohmann::json::json_pointer("/optimizer/params/sd/third")] = {1, 2};
  std::ofstream(file("half"), std::ios::binary) << content.dump();
  CHECK(has(error_of([&] { other.load(file("half")); }), "/optimizer/params/sd/third"));
  for (auto& state : content["optimizer"]["params"]) state.erase("third");
  std::ofstream(file("half"), std::ios::binary) << content.dump();
  other.load(file("half"));
  CHECK(other.run(20, {}).losses != expected.losses);
  std::filesystem::remove(file("half"));
}

TEST_CASE("a damaged checkpoint is an error that names the place, and changes nothing") {
  begin(11);
  auto svi = make_svi();
  svi.run(5, {});
  svi.save(file("good"));
  const std::string good = text_of(file("good"));
  svi.run(5, {});
  svi.save(file("before"));
  const auto refused = [&](const std::string& text, const char* where) {
    std::ofstream(file("bad"), std::ios::binary) << text;
    const std::string error = error_of([&] { svi.load(file("bad")); });
    INFO(error);
    CHECK(has(error, where));
    CHECK(has(error, file("bad").c_str()));
    svi.save(file("after"));
    CHECK(text_of(file("after")) == text_of(file("before")));
  };
  const auto changed = [&](const char* pointer, const nlohmann::json& value) {
    nlohmann::json content = nlohmann::json::parse(good);
    content[nlohmann::json::json_pointer(pointer)] = value;
    return content.dump();
  };
  const auto without = [&](const char* parent, const char* key) {
    nlohmann::json content = nlohmann::json::parse(good);
    content[nlohmann::json::json_pointer(parent)].erase(key);
    return content.dump();
  };
  for (std::size_t n = 0; n < good.size(); n += 97) refused(good.substr(0, n), "JSON");
  refused("[]", "json /");
  refused(changed("/schema", "ember-trace/1"), "/schema");
  refused(without("", "params"), "\"params\"");
  refused(changed("/params/0/unconstrained/data", {1, 2}), "/params/0/unconstrained");
  refused(changed("/params/0/unconstrained/shape", {-1}), "/params/0/unconstrained/shape/0");
  refused(changed("/params/1/name", "sd"), "/params");
  refused(changed("/params/0/constraint", 3), "/params/0/constraint");
  refused(changed("/optimizer/name", "SGD"), "ClippedAdam");
  refused(changed("/optimizer/steps", -1), "/optimizer/steps");
  refused(changed("/optimizer/params/sd/first", {1, 2}), "/optimizer/params/sd/first");
  refused(changed("/optimizer/params/sd/second/0", "x"), "/optimizer/params/sd/second/0");
  refused(changed("/optimizer/params/sd", nullptr), "/optimizer/params/sd");
  refused(changed("/optimizer/params/other", nullptr), "/optimizer/params/other");
  refused(changed("/random/seed", 0.5), "/random/seed");
  refused(changed("/random/counts/mu", -3), "/random/counts/mu");
  refused(without("/random", "counts"), "\"counts\"");
  refused(changed("/baselines", 1), "/baselines");
  refused(changed("/baselines/b_unobserved", 1), "/baselines/b_unobserved");
  CHECK(has(error_of([&] { svi.load(file("none")); }), "can't be opened"));
  CHECK(has(error_of([&] { svi.save("/nowhere/at/all"); }), "can't be written"));
  svi.load(file("good"));
  svi.save(file("after"));
  CHECK(text_of(file("after")) == good);
  for (const char* name : {"good", "before", "bad", "after"}) std::filesystem::remove(file(name));
}

TEST_CASE("a step that fails leaves the averages of costs as they are") {
  begin(4);
  bool fails = false;
  const auto flipped = [&] {
    const Tensor k = sample("k", dist::Bernoulli({.probs = 0.3}));
    sample("y", dist::Normal(2 * k, 1), {.obs = 1.4});
    if (fails) factor("f", sqrt(0 * param("w", 1.0)));
  };
  const auto guide = [] { sample("k", dist::Bernoulli({.logits = param("logits", 0.0)})); };
  infer::SVI svi(flipped, guide, infer::Adam(),
                 infer::TraceELBO({.num_particles = 2, .use_decaying_avg_baseline = true}));
  const auto averages = [&] {
    svi.save(file("averages"));
    return nlohmann::json::parse(text_of(file("averages")))["baselines"];
  };
  fails = true;
  CHECK(has(error_of([&] { svi.step(); }), "'f'"));
  CHECK(averages().empty());
  fails = false;
  svi.step();
  const nlohmann::json before = averages();
  CHECK(before.size() == 1);
  fails = true;
  CHECK(has(error_of([&] { svi.step(); }), "'f'"));
  CHECK(averages() == before);
  fails = false;
  svi.step();
  CHECK(averages() != before);
  std::filesystem::remove(file("averages"));
}

TEST_CASE("a checkpoint has no states of parameters that are gone or replaced") {
  begin(5);
  const auto two = [] {
    factor("f", -square(param("a", 1.0)));
    factor("g", -sum(square(param("b", ones({3})))));
  };
  const auto guide = [] {};
  infer::SVI svi(two, guide, infer::Adam());
  const auto states = [&] {
    svi.save(file("states"));
    infer::SVI other(two, guide, infer::Adam());
    other.load(file("states"));
    std::vector<std::string> names;
    const nlohmann::json content = nlohmann::json::parse(text_of(file("states")));
    for (const auto& item : content["optimizer"]["params"].items()) names.push_back(item.key());
    return names;
  };
  svi.step();
  svi.save(file("whole"));
  CHECK(states() == std::vector<std::string>{"a", "b"});
  svi.load(file("whole"));
  param_store().set("b", ones({2}));
  CHECK(states() == std::vector<std::string>{"a"});
  svi.load(file("whole"));
  param_store().erase("b");
  CHECK(states() == std::vector<std::string>{"a"});
  std::filesystem::remove(file("states"));
  std::filesystem::remove(file("whole"));
}
