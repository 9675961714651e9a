// Writes the corpus: small files that ember writes itself, or that people write for it.
//     fuzz_seeds tests/fuzz/corpus
#include <ember/core/json.hpp>
#include <ember/ember.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <limits>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();
std::string folder;

std::string file(const std::string& target, const std::string& name) {
  std::filesystem::create_directories(folder + "/" + target);
  return folder + "/" + target + "/" + name;
}

void text(const std::string& target, const std::string& name, const std::string& content) {
  detail::write_file(file(target, name), content);
}

// Masks of all sources, scales, a subsampled plate.
void masked() {
  const Tensor mu = sample("mu", dist::Normal(0.1, 3).mask(false));
  plate outer("outer", 100, {.subsample = Indices{3, 50}});
  plate inner("inner", 3);
  with inside(h::mask(mask_of({true, true, false, true, true, true}, {3, 2})),
              h::scale(tensor({1.0, 2.0})));
  sample("x", dist::Normal(mu, 1),
         {.obs = tensor({{0.1, kNaN}, {kNaN, 2}, {3, 0}}),
          .obs_mask = mask_of({true, false, true, true, false, false}, {3, 2})});
}

void families() {
  sample("n", dist::Normal(0, 1).expand({2}).to_event(1), {.infer = {{"note", std::string("a")}}});
  const Tensor p = sample("p", dist::Dirichlet(tensor({1.0, 2.0})));
  sample("c", dist::Categorical({.probs = p}));
  sample("b", dist::Bernoulli({.logits = tensor({0.5, -kInfinity})}));
  sample("v", dist::MultivariateNormal(zeros({2}), {.scale_tril = tensor({{1., 0.}, {0.5, 2.}})}));
  sample("t", dist::Transformed(dist::Normal(0, 1), {transforms::exp(), transforms::affine(1, 2)}));
}

void others() {
  const Tensor x = sample("x", dist::Gamma(2, 1));
  param("rate", 0.25, constraints::positive);
  factor("f", -square(x));
  deterministic("d", tensor({kNaN, kInfinity}) * x);
}

void normals() {
  const Tensor mu = sample("mu", dist::Normal(0, 1));
  plate rows("rows", 3);
  sample("y", dist::Normal(mu, param("sd", 1.5, constraints::positive)),
         {.obs = tensor({0.5, 1.5, -1.0})});
}

void begin() {
  param_store().clear();
  set_rng_seed(5);
}

void json_files() {
  const std::map<std::string, void (*)()> models = {
      {"masked", masked}, {"families", families}, {"others", others}};
  for (const auto& [name, model] : models) {
    begin();
    h::trace(model, {.relations = true}).get_trace().save(file("trace", name));
  }
  begin();
  param("a", tensor({{0.25, 0.5}, {1, 2}}));
  param_store().save(file("params", "real"));
  begin();
  param("b", 1.5, constraints::interval(1, tensor({2.0, 3.0})));
  param("c", tensor({0.2, 0.8}), constraints::simplex);
  param("d", tensor({{1., 0.}, {0.5, 2.}}), constraints::lower_cholesky);
  param("e", tensor({1.0, 2.0}), constraints::positive.independent(1));
  param_store().save(file("params", "constrained"));
  for (const bool is_long : {false, true}) {
    begin();
    infer::AutoNormal guide(normals);
    infer::SVI svi(normals, guide, infer::Adam({.lr = 0.05}));
    if (is_long) svi.run(2, {});
    svi.save(file("checkpoint", is_long ? "after" : "before"));
  }
  infer::Fit{.losses = {3.5, 2.25, kNaN, 1.125}, .seconds = 0.5, .window = 2}.save(
      file("fit", "short"));
  infer::Fit().save(file("fit", "none"));
  text("mask", "bits", to_json(mask_of({true, false, true, true}, {2, 2})).dump());
  text("mask", "runs", to_json(Mask(true).broadcast_to({3, 40})).dump());
  text("mask", "one", to_json(Mask(false)).dump());
}

void data_files() {
  text("json_data", "matrix", R"({"x": [[1, 2.5], [null, -3e-2]], "n": 2, "names": ["a", "b"]})");
  text("json_data", "others",
       R"({"s": "NaN", "i": "Infinity", "e": [], "ee": [[], []], "o": {"a": 1}})");
  text("csv", "numbers", "a,b\n1,2.5\n-3e-2,NA\n");
  text("csv", "text", "party,vote,note\r\nleft,1,\"a, b\"\r\nright,?,\"say \"\"so\"\"\"\r\n");
  text("csv", "one_column", "\xEF\xBB\xBFx\n1\n\n inf \n");
  save_draws(file("draws", "two"),
             {{"mu", tensor({0.5, -1.5})}, {"w", arange(12).reshape({2, 2, 3})}},
             tensor({-1.0, kNaN}));
  text("draws", "cmdstan",
       "# method = sample\nlp__,treedepth__,x.1,x.2\n# Adaptation\n-1,3,0.1,inf\n");
  save_npy(file("npy", "matrix"), tensor({{1.5, kNaN}, {-kInfinity, 0}}));
  save_npy(file("npy", "empty"), zeros({0, 3}));
  const auto array = [](std::string header, const std::string& data) {
    header.append(117 - header.size(), ' ');
    return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + '\n' + data;
  };
  text("npy", "whole",
       array("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }",
             std::string("\0\1\0\2\0\3\xff\xff", 8)));
  text(
      "npy", "bool",
      array("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", std::string("\1\0\1", 3)));
  text("npy", "single",
       array("{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
             std::string("\0\0\x80\x3f", 4)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  folder = argv[1];
  try {
    json_files();
    data_files();
  } catch (const Error& error) {
    std::fprintf(stderr, "fuzz_seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
