// What differs between two traces.
#include <cmath>
#include <limits>

#include <ember/ember.hpp>
#include <ember/handlers/trace_diff.hpp>

#include "catch.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

struct Change {
  Real mu = 0.5;
  Tensor data = tensor({{1, 2, 3}, {4, 5, 6}});
  Mask kept = true;
  Real scale = 1;
  Real sd = 2;
  bool has_more = false;
  bool is_student = false;
};

Trace trace_of(const Change& c) {
  return h::trace(h::condition(
                      [&] {
                        const Tensor mu = sample("mu", dist::Normal(0, 1));
                        const with inside(h::scale(c.scale));
                        if (c.is_student) {
                          sample("y", dist::StudentT(3, mu, c.sd).expand({2, 3}).mask(c.kept),
                                 {.obs = c.data});
                        } else {
                          sample("y", dist::Normal(mu, c.sd).expand({2, 3}).mask(c.kept),
                                 {.obs = c.data});
                        }
                        if (c.has_more) deterministic("more", mu);
                      },
                      {{"mu", c.mu}}))
      .get_trace();
}

std::vector<TraceDifference> changed(const Change& c, double tolerance = 0) {
  return differences(trace_of({}), trace_of(c), tolerance);
}

TraceDifference find(const std::vector<TraceDifference>& all, const char* site,
                     const char* aspect) {
  for (const TraceDifference& d : all) {
    if (d.site == site && d.aspect == aspect) return d;
  }
  FAIL("no difference in " << site << "'s " << aspect);
  return all.front();
}

}  // namespace

TEST_CASE("equal traces have no difference, NaN behind a mask included") {
  CHECK(changed({}).empty());
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Change c{.data = tensor_of({nan, 2, 3, 4, 5, 6}, {2, 3}),
                 .kept = mask_of({false, true, true})};
  CHECK(differences(trace_of(c), trace_of(c)).empty());
}

TEST_CASE("each aspect that differs is told with both sides") {
  const auto by_value = changed({.data = tensor({{1, 2, 3}, {4, 5, 8}})});
  CHECK(by_value.size() == 3);  // the value and, through it, the log density and the log joint
  const TraceDifference value = find(by_value, "y", "value");
  CHECK(value.first == "6");
  CHECK(value.second == "8");
  CHECK(value.detail == "1 element differs, most at [1, 2], by 2");
  const TraceDifference density = find(by_value, "y", "log density");
  CHECK(find(by_value, "", "log joint").detail == density.detail);

  const TraceDifference mask = find(changed({.kept = mask_of({true, false, true})}), "y", "mask");
  CHECK(mask.first == "6/6 kept");
  CHECK(mask.second == "4/6 kept");
  CHECK(mask.detail == "2 elements differ");

  find(changed({.scale = 2}), "y", "scale");
  find(changed({.sd = 3}), "y", "parameter scale");
  const auto by_family = changed({.is_student = true});
  CHECK(find(by_family, "y", "family").second == "StudentT");
  const auto by_mu = changed({.mu = 0.75});
  CHECK(find(by_mu, "mu", "value").detail == "1 element differs, by 0.25");
  CHECK(find(by_mu, "mu", "log density").first != find(by_mu, "mu", "log density").second);

  const auto with_more = changed({.has_more = true});
  REQUIRE(with_more.size() == 1);
  CHECK(with_more[0].site == "more");
  CHECK(with_more[0].first == "absent");
  const auto with_less = differences(trace_of({.has_more = true}), trace_of({}));
  REQUIRE(with_less.size() == 1);
  CHECK(with_less[0].second == "absent");
}

TEST_CASE("a NaN is no difference where both masks hide it, and the worst of all elsewhere") {
  const Real nan = std::numeric_limits<Real>::quiet_NaN();
  const Mask kept = mask_of({false, true, true});
  const Trace a = trace_of({.kept = kept});
  const Tensor holes = tensor_of({nan, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(differences(a, trace_of({.data = holes, .kept = kept})).empty());
  CHECK(differences(trace_of({.data = holes, .kept = kept}), a).empty());
  // a number of the other trace counts where its own mask keeps it
  CHECK(find(differences(trace_of({}), trace_of({.data = holes, .kept = kept})), "y", "value")
            .detail == "1 element differs, most at [0, 0], by inf");
  const auto at = [](Real hidden, Real seen, const Mask& mask) {
    return h::trace([&] {
             sample("y", dist::Normal(tensor({hidden, seen}), 1).mask(mask), {.obs = 0});
           })
        .get_trace();
  };
  const Mask second = mask_of({false, true});
  CHECK(differences(at(nan, 1, second), at(2, 1, second)).empty());
  CHECK(find(differences(at(nan, 1, second), at(2, 3, second)), "y", "parameter loc").detail ==
        "1 element differs, most at [1], by 2");
}

TEST_CASE("another shape is one difference") {
  const auto of = [](Index n, Index m) {
    return h::trace([&] {
             const plate rows("rows", n);
             sample("y", dist::Normal(0, 1).expand({n, m}).to_event(1), {.obs = zeros({n, m})});
           })
        .get_trace();
  };
  const auto wider = differences(of(4, 2), of(4, 3));
  REQUIRE(wider.size() == 2);
  CHECK(wider[0].aspect == "shape");
  CHECK(wider[0].first == "(4,) (2,)");
  CHECK(wider[0].second == "(4,) (3,)");
  CHECK(wider[0].detail.empty());
  CHECK(wider[1].aspect == "log joint");
  const auto longer = differences(of(4, 2), of(5, 2));
  REQUIRE(longer.size() == 2);
  CHECK(longer[0].detail == "in plates rows 4 and rows 5");
}

TEST_CASE("a tolerance is relative") {
  const Change c{.data = tensor({{1, 2, 3}, {4, 5, 6.00001}})};
  CHECK(!changed(c).empty());
  CHECK(changed(c, 1e-4).empty());
  CHECK(!changed(c, 1e-9).empty());
}

TEST_CASE("differences are printed as a table") {
  CHECK(format_table({}, "a", "b").empty());
  CHECK(format_table(changed({.kept = mask_of({true, false, true}), .has_more = true}), "a.json",
                     "b.json")
            .find("y     mask         6/6 kept") != std::string::npos);
}
