// Which sites a number comes from: through every operator, mask and index, into densities, traces,
// files and graphs.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/file.hpp>
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"
#include "operator_inputs.hpp"

using namespace ember;
using namespace ember::testing;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

using Names = std::vector<std::string>;

Names sorted(detail::Sources sources) {
  Names names;
  for (Name name : detail::names_of(sources)) names.push_back(name.str());
  std::sort(names.begin(), names.end());
  return names;
}

Names parents(const Trace& trace, const char* site) {
  REQUIRE(trace[site].parents.has_value());
  Names names;
  for (Name name : *trace[site].parents) names.push_back(name.str());
  return names;
}

template <class M>
Trace related(M model) {
  return h::trace(model, {.relations = true}).get_trace();
}

// Each input marked with a name of its own: the result must have all of them. (Of a `where` whose
// mask chooses one side everywhere the other side does not reach the result.)
void check_operator(const Case& c, detail::Op op) {
  if (op == detail::Op::where) return;
  if (c.shape.numel() == 0) return;  // no number comes from anywhere
  INFO(c.name);
  std::vector<Tensor> inputs;
  Names expected;
  for (std::size_t i = 0; i < c.inputs.size(); ++i) {
    expected.push_back("input " + std::to_string(i));
    inputs.push_back(detail::marked(c.inputs[i], Name(expected.back())));
  }
  std::sort(expected.begin(), expected.end());
  CHECK(sorted(detail::sources_of(c.f(inputs))) == expected);
  const detail::Recording recording;
  std::vector<Tensor> leaves;
  for (const Tensor& input : inputs) leaves.push_back(detail::Recording::leaf(input));
  CHECK(sorted(detail::sources_of(c.f(leaves))) == expected);
}

Tensor from(const char* name) { return detail::marked(tensor({3, 1, 2}), name); }

}  // namespace

TEST_CASE("every operator's result comes from what its operands come from") {
#define EMBER_OPERATOR(name) \
  for (const Case& c : Inputs<detail::Op::name>::cases()) check_operator(c, detail::Op::name);
#include <ember/core/operators.def>
#undef EMBER_OPERATOR
}

TEST_CASE("what has no gradient hands its sources on as well") {
  const auto sources = [](const Tensor& x) { return sorted(detail::sources_of(x)); };
  const Tensor a = from("a");
  const Names only_a{"a"}, both{"a", "b"};
  CHECK(sources(floor(a)) == only_a);
  CHECK(sources(argmax(a, 0)) == only_a);
  CHECK(sources(argsort(a, 0)) == only_a);
  CHECK(sources(sort(a, 0)) == only_a);
  CHECK(sources(quantile(a, Real(0.3), 0)) == only_a);
  CHECK(sources(one_hot(a, 4)) == only_a);
  CHECK(sources(detach(a)) == only_a);
  CHECK(sources(to_tensor(a > 1)) == only_a);
  CHECK(sources(index_select(from("b"), 0, from("a") - 1)) == both);
  CHECK(sources(gather(from("b"), 0, from("a") - 1)) == both);
  CHECK(sources(where(a > 1, from("b"), 0)) == both);
  CHECK(sources(where(a > 9, 0, from("b"))) == both);  // a mask that is none
  CHECK(sources(where(!(a > 9), from("b"), 0)) == both);
  const auto gradient = value_and_grad(
      [&](std::span<const Tensor> in) { return sum(in[0] * from("b")); }, {from("a")});
  CHECK(sources(gradient.grads[0]) == both);
}

TEST_CASE("masks come from what they were made of") {
  const auto sources = [](const Mask& m) { return sorted(m.sources()); };
  const Mask a = from("a") > 1;
  const Mask b = from("b") > 1;
  const Names only_a{"a"}, both{"a", "b"};
  CHECK(sources(a) == only_a);
  CHECK(sources(!a) == only_a);
  CHECK(sources(a & b) == both);
  CHECK(sources(a | b) == both);
  CHECK(sources(a & Mask(false)) == only_a);
  CHECK(sources(Mask(true) & a) == only_a);
  CHECK(sources(any(a)) == only_a);
  CHECK(sources(all(a)) == only_a);
  CHECK(sources(any(a, 0)) == only_a);
  CHECK(sources(all(a, 0)) == only_a);
  CHECK(sources(a.reshape({3, 1})) == only_a);
  CHECK(sources(a.unsqueeze_right(1)) == only_a);
  CHECK(sources(a.broadcast_to({2, 3})) == only_a);
  CHECK(sources(isnan(from("a"))) == only_a);
  // the same bytes derived before from another site
  const Mask plain = Mask::from_shared(a.shape(), a.bytes());
  CHECK(sources(plain.broadcast_to({2, 3})).empty());
  CHECK(sources(!plain).empty());
}

TEST_CASE("a site's parents are those whose values reach its density") {
  const Trace t = related([] {
    const Tensor a = sample("a", dist::Normal(0, 1));
    const Tensor b = sample("b", dist::Normal(0, 1));
    const Tensor unused = exp(b);
    const Tensor c = sample("c", dist::Normal(a, 1));
    const Tensor d = deterministic("d", a + 2 * c);
    const Tensor s = param("s", 1.0, constraints::positive);
    sample("y", dist::Normal(d, s), {.obs = tensor({1, 2})});
    static_cast<void>(unused);
  });
  CHECK(parents(t, "a").empty());
  CHECK(parents(t, "b").empty());
  CHECK(parents(t, "c") == Names{"a"});
  CHECK(parents(t, "d") == Names{"a", "c"});
  CHECK(parents(t, "s").empty());
  CHECK(parents(t, "y") == Names{"d", "s"});
  param_store().clear();
}

TEST_CASE("discrete parents, masks, scales, transforms and data made of latents are followed") {
  const Trace t = related([] {
    const Tensor z = sample("z", dist::Categorical({.probs = tensor({0.5, 0.25, 0.25})}));
    const Tensor means = sample("means", dist::Normal(zeros({3}), 1));
    sample("x", dist::Normal(index_select(means, 0, z.reshape({1})), 1));
    const Tensor keep = sample("keep", dist::Bernoulli({.probs = full({2}, 0.5)}));
    sample("by_mask", dist::Normal(0, 1).expand({2}).mask(keep > 0));
    {
      const with inside(h::mask(keep > 0));
      sample("by_handler", dist::Normal(zeros({2}), 1));
    }
    const Tensor w = sample("w", dist::HalfNormal(1));
    {
      const with inside(h::scale(w));
      sample("by_scale", dist::Normal(0, 1));
    }
    sample("by_transform", dist::Transformed(dist::Normal(0, 1), {transforms::affine(w, 2)}));
    sample("by_obs", dist::Normal(0, 1), {.obs = w});
    sample("by_obs_mask", dist::Normal(zeros({2}), 1),
           {.obs = tensor({1, 2}), .obs_mask = keep > 0});
    factor("by_factor", -square(w));
    sample("by_draw", dist::Normal(dist::Normal(w, 1).sample(), 1));
  });
  CHECK(parents(t, "x") == Names{"z", "means"});
  CHECK(parents(t, "by_mask") == Names{"keep"});
  CHECK(parents(t, "by_handler") == Names{"keep"});
  CHECK(parents(t, "by_scale") == Names{"w"});
  CHECK(parents(t, "by_transform") == Names{"w"});
  CHECK(parents(t, "by_obs") == Names{"w"});
  CHECK(parents(t, "by_obs_mask_observed") == Names{"keep"});
  CHECK(parents(t, "by_factor") == Names{"w"});
  CHECK(parents(t, "by_draw") == Names{"w"});
}

TEST_CASE("relations are recorded on demand only, and leave no marks on data") {
  const Tensor y = tensor({1, 2});
  const auto model = [&] {
    sample("y", dist::Normal(sample("mu", dist::Normal(0, 1)), 1), {.obs = y});
  };
  CHECK_FALSE(h::trace(model).get_trace()["y"].parents.has_value());
  CHECK(parents(related(model), "y") == Names{"mu"});
  CHECK(detail::sources_of(y) == nullptr);
  CHECK_FALSE(detail::sources_are_marked());
}

TEST_CASE("relations survive a file") {
  const Trace t = related([] {
    const Tensor a = sample("a", dist::Normal(0, 1));
    sample("y", dist::Normal(a, 1), {.obs = 1});
  });
  const nlohmann::json file = t.to_json();
  const Trace again = Trace::from_json(file);
  CHECK(parents(again, "y") == Names{"a"});
  CHECK(again.to_json() == file);
  nlohmann::json damaged = file;
  damaged["sites"][1]["parents"] = {"nobody"};
  CHECK_THROWS_WITH(Trace::from_json(damaged),
                    Catch::Contains("/sites/1/parents/0") && Catch::Contains("nobody"));
  damaged["sites"][1]["parents"] = {"a", "a"};
  CHECK_THROWS_WITH(Trace::from_json(damaged), Catch::Contains("twice"));
}

TEST_CASE("render_model draws sites, plates and edges") {
  const auto model = [](Index n) {
    const Tensor mu = sample("mu", dist::Normal(0, 1));
    plate rows("rows", n, {.dim = -2});
    const Tensor a = sample("a \"quoted\"", dist::Normal(mu, 1));
    plate columns("columns", 10, {.subsample_size = 2});
    sample("y", dist::Normal(a, 1).expand({n, 2}).mask(mask_of({true, false})),
           {.obs = zeros({n, 2})});
  };
  set_rng_seed(4);
  const Tensor before = dist::Normal(0, 1).sample();
  set_rng_seed(4);
  const std::string dot = render_model(model, Index{3}).dot();
  CHECK(dist::Normal(0, 1).sample().item() == before.item());
  const auto contains = [&](const char* text) {
    INFO(dot);
    CHECK(dot.find(text) != std::string::npos);
  };
  contains("\"mu\" -> \"a \\\"quoted\\\"\";");
  contains("\"a \\\"quoted\\\"\" -> \"y\";");
  contains("label=\"rows: 3\"");
  contains("label=\"columns: 2 of 10\"");
  contains("\"y\" [label=\"y\\nNormal\\n3/6 kept\", shape=ellipse, style=filled");
  CHECK(dot.find("\"mu\" -> \"y\"") == std::string::npos);
  CHECK(dot.find("cluster_1") > dot.find("cluster_0"));
  CHECK_THROWS_WITH(ModelGraph(h::trace(model).get_trace(Index{3})),
                    Catch::Contains(".relations = true"));
}

TEST_CASE("a graph is saved as text, and drawn where graphviz is installed") {
  const ModelGraph graph = render_model([] { sample("x", dist::Normal(0, 1)); });
  // a folder whose name a shell would take for several words
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("ember graph's $HOME; " + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "graph.dot").string();
  graph.save(file);
  CHECK(detail::read_file(file) == graph.dot());
  std::filesystem::remove(file);
  CHECK_THROWS_WITH(graph.save("graph.doc"), Catch::Contains(".svg"));
  const char* given = std::getenv("TMPDIR");
  const std::string before = given != nullptr ? given : "";
  setenv("TMPDIR", folder.c_str(), 1);
  if (std::system("command -v dot > /dev/null 2>&1") == 0) {
    CHECK(graph.svg().find("<svg") != std::string::npos);
  } else {
    CHECK_THROWS_WITH(graph.svg(), Catch::Contains("install graphviz"));
  }
  CHECK(std::filesystem::is_empty(folder));
  if (given != nullptr) {
    setenv("TMPDIR", before.c_str(), 1);
  } else {
    unsetenv("TMPDIR");
  }
  std::filesystem::remove_all(folder);
}
