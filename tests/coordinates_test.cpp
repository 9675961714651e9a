// Tensors and masks of coordinates: what they mean is what the dense ones mean; what they cost is
// what is there; what would need more is an error.
#include <ember/ember.hpp>

#include <sys/resource.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include <ember/core/json.hpp>
#include <ember/core/mask_list.hpp>
#include <ember/core/owed.hpp>

#include "catch.hpp"
#include "operator_case.hpp"
#include "support.hpp"

using namespace ember;
using ember::testing::numbers;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

struct Seen {
  std::vector<Index> rows, columns;
  std::vector<Real> values;
};

// n different coordinates, in no order.
Seen seen(Index rows, Index columns, std::size_t n, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Seen result;
  std::vector<Index> taken;
  while (taken.size() < n) {
    const auto position = static_cast<Index>(engine() % static_cast<std::uint64_t>(rows * columns));
    if (std::find(taken.begin(), taken.end(), position) != taken.end()) continue;
    taken.push_back(position);
    result.rows.push_back(position / columns);
    result.columns.push_back(position % columns);
    result.values.push_back(static_cast<Real>(engine() % 1000) / 100);
  }
  return result;
}

Tensor dense(const Seen& s, const Shape& shape) {
  std::vector<Real> all(static_cast<std::size_t>(shape.numel()), kNaN);
  for (std::size_t i = 0; i < s.values.size(); ++i) {
    all[static_cast<std::size_t>(s.rows[i] * shape[1] + s.columns[i])] = s.values[i];
  }
  return tensor(all, shape);
}

// The same elements as bytes.
Mask as_bytes(const Mask& mask) { return Mask::from_bytes(mask.shape(), mask.to_bytes()); }

}  // namespace

TEST_CASE("operations on masks of coordinates are those on bytes") {
  const Seen s = seen(6, 5, 11, 1);
  const Seen t = seen(6, 5, 7, 2);
  const Mask a = mask_at({6, 5}, {s.rows, s.columns});
  const Mask b = mask_at({6, 5}, {t.rows, t.columns});
  const Mask rows = mask_of({true, false, true, true, false, true}).reshape({6, 1});
  const Mask c = as_bytes(a);
  const Mask d = as_bytes(b);
  CHECK(detail::is_list(a));
  CHECK(a.count() == 11);
  CHECK(a == c);
  CHECK(c == a);
  CHECK_FALSE(a == b);
  CHECK((a & b) == (c & d));
  CHECK((a & d) == (c & d));
  CHECK((a & rows) == (c & rows));
  CHECK((rows & a) == (c & rows));
  CHECK((a | b) == (c | d));
  CHECK((a | rows) == (c | rows));
  CHECK((!a) == (!c));
  CHECK(any(a).is_all());
  for (const Index axis : {0, 1, -1}) {
    CHECK(any(a, axis) == any(c, axis));
    CHECK(all(a, axis) == all(c, axis));
  }
  CHECK(a.broadcast_to({3, 6, 5}) == c.broadcast_to({3, 6, 5}));
  CHECK(a.reshape({6, 1, 5}).broadcast_to({6, 2, 5}) ==
        c.reshape({6, 1, 5}).broadcast_to({6, 2, 5}));
  CHECK(a.unsqueeze_right(1) == c.unsqueeze_right(1));
  const std::vector<Index> some{4, 0, 0, 2};
  for (const Index axis : {0, 1}) CHECK(index_select(a, axis, some) == index_select(c, axis, some));
  for (std::size_t i = 0; i < s.rows.size(); ++i) CHECK(a.at({s.rows[i], s.columns[i]}));
  CHECK(a.at({0, 0}) == c.at({0, 0}));
  CHECK(mask_at({2}, {{0, 1}}).is_all());
  CHECK(mask_at({2}, {std::vector<Index>{}}).is_none());
  CHECK(mask_at({2, 2}, {{1, 1}, {0, 0}}).count() == 1);
  CHECK(same_bits(where(a, numbers({6, 5}, 0, 1, 3), 0), where(c, numbers({6, 5}, 0, 1, 3), 0)));
}

TEST_CASE("a sparse model has the densities and gradients of the dense one") {
  const Shape shape{40, 30};
  const Seen s = seen(40, 30, 100, 4);
  const Tensor u = numbers({40, 3}, -1, 1, 5);
  const Tensor v = numbers({30, 3}, -1, 1, 6);
  const Tensor bias = numbers({30}, -1, 1, 7);
  const Tensor y = sparse_tensor(shape, {s.rows, s.columns}, tensor(s.values));
  const Mask at = mask_at(shape, {s.rows, s.columns});
  const Tensor whole = dense(s, shape);
  const auto joint = [&](std::span<const Tensor> in, bool is_sparse) {
    const auto model = [&] {
      const Tensor score = matmul(in[0], transpose(in[1])) + in[2];
      sample("y", dist::Normal(score, 1.5).mask(is_sparse ? at : !isnan(whole)),
             {.obs = is_sparse ? y : whole});
    };
    const Trace t = h::trace(h::scale(model, 0.5)).get_trace();
    CHECK(t["y"].hidden().distribution == 1100);
    return t.log_prob_sum();
  };
  const auto expected = value_and_grad([&](auto in) { return joint(in, false); }, {u, v, bias});
  const auto got = value_and_grad([&](auto in) { return joint(in, true); }, {u, v, bias});
  CHECK(got.value == Approx(expected.value).epsilon(1e-13));
  for (const std::size_t k : {0U, 1U, 2U}) {
    CHECK(max(abs(got.grads[k] - expected.grads[k])).item() < 1e-12);
  }
}

TEST_CASE("a density evaluated on coordinates has coordinates, and is 0 elsewhere") {
  const Shape shape{6, 5};
  const Seen s = seen(6, 5, 8, 8);
  const Tensor y = sparse_tensor(shape, {s.rows, s.columns}, tensor(s.values));
  const Mask at = mask_at(shape, {s.rows, s.columns});
  const dist::Distribution d = dist::Normal(zeros(shape), 2).mask(at);
  const Tensor got = d.log_prob(y);
  REQUIRE(detail::coordinates_of(got) != nullptr);
  CHECK(got.shape() == shape);
  const Tensor expected =
      dist::Normal(zeros(shape), 2).mask(as_bytes(at)).log_prob(dense(s, shape));
  CHECK(max(abs(got - expected)).item() < 1e-14);
  CHECK(sum(d.to_event(1).log_prob(y)).item() == Approx(sum(expected).item()));
  // of elements that another mask hides nothing is read
  const Mask fewer = at & mask_of({true, true, false, false, false, false}).reshape({6, 1});
  CHECK(dist::Normal(zeros(shape), 2).mask(fewer).log_prob_sum(y).item() ==
        Approx(sum(where(as_bytes(fewer), expected, 0)).item()));
}

TEST_CASE("what index_select takes of coordinates are coordinates") {
  const std::vector<Indices> at{Indices{0, 0, 1, 3, 3}, Indices{0, 2, 1, 2, 0}};
  const Tensor numbers = tensor({1, 2, 3, 4, 5});
  const Mask kept = mask_at({4, 3}, at);
  const Tensor dense = tensor({{1, 0, 2}, {0, 3, 0}, {0, 0, 0}, {5, 0, 4}});
  for (const Index axis : {0, 1}) {
    for (const Indices& some : {Indices{2, 0}, Indices{1, 1, 0, 2, 1}, Indices{2}}) {
      const Tensor y = index_select(sparse_tensor({4, 3}, at, numbers), axis, some);
      const Tensor expected = index_select(dense, axis, some);
      const Mask mask = index_select(kept, axis, some.values());
      CHECK(y.shape() == expected.shape());
      CHECK(dist::Normal(0.5, 2).log_prob_sum(y, mask).item() ==
            Approx(dist::Normal(0.5, 2).log_prob_sum(expected, mask).item()));
      const auto [lp, by_numbers] = value_and_grad(
          [&](std::span<const Tensor> in) {
            const Tensor x = index_select(sparse_tensor({4, 3}, at, in[0]), axis, some);
            return dist::Normal(0, 1).log_prob_sum(x, mask);
          },
          {numbers});
      const auto [dense_lp, by_dense] = value_and_grad(
          [&](std::span<const Tensor> in) {
            return dist::Normal(0, 1).log_prob_sum(index_select(in[0], axis, some), mask);
          },
          {dense});
      CHECK(lp == Approx(dense_lp));
      const Tensor& g = by_dense[0];
      const std::vector<Real> there{g.at({0, 0}), g.at({0, 2}), g.at({1, 1}), g.at({3, 2}),
                                    g.at({3, 0})};
      for (std::size_t i = 0; i < there.size(); ++i) {
        CHECK(by_numbers[0].data()[i] == Approx(there[i]));
      }
    }
  }
}

TEST_CASE("a subsample of coordinates is observed, shown and comes back from its file") {
  const Index n = 100000;
  const std::vector<Indices> at{Indices{0, 7, 99999}, Indices{5, 0, 99999}};
  const Tensor y = sparse_tensor({n, n}, at, tensor({1, 2, 3}));
  const Mask kept = mask_at({n, n}, at);
  const Trace t = h::trace([&] {
                    plate columns("columns", n);
                    plate rows("rows", n, {.subsample = Indices{99999, 7}});
                    sample("y", dist::Normal(0, 1).expand({2, n}).mask(rows.subsample(kept, 0)),
                           {.obs = rows.subsample(y, 0)});
                  }).get_trace();
  const Real expected = (normal_lp(2, 0, 1) + normal_lp(3, 0, 1)) * static_cast<Real>(n) / 2;
  CHECK(t.log_prob_sum().item() == Approx(expected));
  CHECK(has(t.format_table(), "y"));
  const Trace back = Trace::from_json(t.to_json());
  CHECK(back.log_prob_sum().item() == t.log_prob_sum().item());
}

TEST_CASE("a scale on a site of coordinates multiplies those alone") {
  const Index n = 100000;
  const std::vector<Indices> at{Indices{0, 7, 99999}, Indices{5, 0, 99999}};
  const Tensor y = sparse_tensor({n, n}, at, tensor({1, 2, 3}));
  const auto density = [&](const Tensor& scale) {
    const auto model = [&] {
      const with inside(h::scale(scale));
      sample("y", dist::Normal(0, 1).expand({n, n}).mask(mask_at({n, n}, at)), {.obs = y});
    };
    const Trace t = h::trace(model).get_trace();
    CHECK(Trace::from_json(t.to_json())["y"].log_prob_sum().item() == t.log_prob_sum().item());
    return t["y"].log_prob_sum();
  };
  const Real one = normal_lp(1, 0, 1), two = normal_lp(2, 0, 1), three = normal_lp(3, 0, 1);
  CHECK(density(0.5).item() == Approx((one + two + three) / 2));
  Tensor by_row = 1 + arange(n).reshape({n, 1});
  CHECK(density(by_row).item() == Approx(one + 8 * two + 100000 * three));
  const auto [value, gradients] = value_and_grad(
      [&](std::span<const Tensor> in) {
        const with inside(h::scale(in[0]));
        const Trace t =
            h::trace([&] {
              sample("y", dist::Normal(in[1], 1).expand({n, n}).mask(mask_at({n, n}, at)),
                     {.obs = y});
            }).get_trace();
        return t["y"].log_prob_sum();
      },
      {Tensor(2.0), Tensor(0.0)});
  CHECK(value == Approx(2 * (one + two + three)));
  CHECK(gradients[0].item() == Approx(one + two + three));
  CHECK(gradients[1].item() == Approx(2 * (1 + 2 + 3)));
}

TEST_CASE("families with a row of parameters, and transformed ones, take coordinates") {
  const Shape shape{30, 20};
  const Seen s = seen(30, 20, 50, 9);
  const Mask at = mask_at(shape, {s.rows, s.columns});
  const Tensor y = sparse_tensor(shape, {s.rows, s.columns}, tensor(s.values));
  const Tensor grades = floor(tensor(s.values) * 0.3);
  const Tensor k = sparse_tensor(shape, {s.rows, s.columns}, grades);
  const Tensor logits =
      reshape(matmul(numbers({30, 2}, -1, 1, 10), numbers({2, 80}, -1, 1, 11)), {30, 20, 4});
  const Tensor whole_k = floor(dense(s, shape) * 0.3);
  CHECK(dist::Categorical({.logits = logits}).mask(at).log_prob_sum(k).item() ==
        Approx(
            dist::Categorical({.logits = logits}).mask(as_bytes(at)).log_prob_sum(whole_k).item()));
  const dist::Distribution log_normal =
      dist::Transformed(dist::Normal(zeros(shape), 1), {transforms::exp()});
  const Tensor whole = dense(s, shape) + 1;
  CHECK(log_normal.mask(at).log_prob_sum(y + 1).item() ==
        Approx(log_normal.mask(as_bytes(at)).log_prob_sum(whole).item()));
  CHECK(dist::LogNormal(zeros(shape), 1).mask(at).log_prob_sum(y + 1).item() ==
        Approx(log_normal.mask(at).log_prob_sum(y + 1).item()));
}

TEST_CASE("time and memory follow what is kept: 100000 x 100000 with a million seen") {
  constexpr Index kSide = 100000;
  constexpr std::size_t kSeen = 200000;
  std::mt19937_64 engine(12);
  std::vector<int> rows(kSeen), columns(kSeen);
  for (std::size_t i = 0; i < kSeen; ++i) {
    rows[i] = static_cast<int>(i / 2);
    columns[i] = static_cast<int>(engine() % (kSide / 2) * 2 + i % 2);  // no coordinate twice
  }
  const auto peak = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024L;
  };
  const long before = peak();
  const Tensor y = sparse_tensor({kSide, kSide}, {rows, columns}, ones({kSeen}));
  const Mask at = mask_at({kSide, kSide}, {rows, columns});
  const auto model = [&] {
    const Tensor u = sample("u", dist::Normal(0, 1).expand({kSide, 2}).to_event(2));
    const Tensor v = sample("v", dist::Normal(0, 1).expand({kSide, 2}).to_event(2));
    const Tensor score = matmul(u, transpose(v));  // never formed
    sample("y", dist::Normal(score, 1).mask(at), {.obs = y});
  };
  begin(13);
  infer::AutoNormal guide(model);
  infer::SVI svi(model, guide, infer::Adam({.lr = 0.05}));
  const Real first = svi.step();
  Real last = first;
  for (int i = 0; i < 10; ++i) last = svi.step();
  CHECK(last < first);
  CHECK(peak() - before < 400'000'000L);  // the whole would be 80 GB
}

TEST_CASE("what would form the whole is an error that names it and the bytes") {
  constexpr Index kSide = 1000000;
  const Tensor score = matmul(zeros({kSide, 2}), transpose(zeros({kSide, 2})));
  check_error([&] { sum(score); }, {"(1000000, 1000000)", "8000000000000 bytes"});
  check_error([&] { score.data(); }, {"(1000000, 1000000)", "8000000000000 bytes"});
  check_error([&] { dist::Normal(score, 1).log_prob_sum(0); }, {"8000000000000 bytes"});
  const Mask at = mask_at({kSide, kSide}, {{3, 4}, {5, 6}});
  check_error([&] { !at; }, {"mask", "1000000000000 bytes"});
  // afterwards all is as before
  CHECK(dist::Normal(score, 1).mask(at).log_prob_sum(zeros({kSide, 1})).item() ==
        Approx(2 * normal_lp(0, 0, 1)));
}

TEST_CASE("coordinates are read through operators, under bytes as under a list") {
  const Tensor x = sparse_tensor({2, 3}, {{0, 0, 1, 1}, {0, 1, 1, 2}}, tensor({1, 2, 3, 4}));
  const Mask bytes = mask_of({true, true, false, false, true, true}, {2, 3});
  const Tensor whole = tensor({{1, 2, 0}, {0, 3, 4}});
  const Tensor value = zeros({2, 3});
  const auto check_both = [&](const Tensor& sparse, const Tensor& dense) {
    const dist::Distribution a = dist::Normal(sparse, 1), b = dist::Normal(dense, 1);
    CHECK(a.log_prob_sum(value, bytes).item() == Approx(b.log_prob_sum(value, bytes).item()));
    CHECK(max(abs(a.log_prob(value, bytes) - b.log_prob(value, bytes))).item() < 1e-12);
    CHECK(dist::Normal(0, 1).log_prob_sum(sparse, bytes).item() ==
          Approx(dist::Normal(0, 1).log_prob_sum(dense, bytes).item()));
  };
  check_both(x, whole);
  check_both(2 * x, 2 * whole);
  check_both(exp(x) - tensor({1, 2, 3}), exp(whole) - tensor({1, 2, 3}));
  const auto through = dist::Transformed(dist::Normal(0, 1), {transforms::exp()});
  CHECK(through.log_prob_sum(2 * x, bytes).item() ==
        Approx(through.log_prob_sum(where(bytes, 2 * whole, 1), bytes).item()));
  check_error([&] { sum(2 * x); }, {"sparse_tensor", "nothing elsewhere"});
}

TEST_CASE("a coordinate that is not there, twice there or outside is an error") {
  const Tensor y = sparse_tensor({4, 3}, {{2, 0}, {1, 2}}, tensor({1, 2}));
  check_error([&] { y.data(); }, {"sparse_tensor", "(4, 3)", "2 coordinates", "nothing elsewhere"});
  check_error([&] { sum(y); }, {"nothing elsewhere"});
  check_error(
      [&] {
        dist::Normal(0, 1).mask(mask_at({4, 3}, {{2, 3}, {1, 1}})).log_prob_sum(y);
      },
      {"nothing is stored at [3, 1]", "mask_at"});
  check_error([&] { dist::Normal(0, 1).log_prob_sum(y); }, {"nothing elsewhere"});
  check_error(
      [] {
        sparse_tensor({4, 3}, {{2, 2}, {1, 1}}, tensor({1, 2}));
      },
      {"[2, 1]", "twice", "number 0", "number 1"});
  check_error(
      [] {
        sparse_tensor({4, 3}, {{2, 4}, {1, 1}}, tensor({1, 2}));
      },
      {"index 4", "axis 0", "(4, 3)"});
  check_error([] { mask_at({4, 3}, {{0, -1}, {1, 1}}); }, {"mask_at", "index -1", "axis 0"});
  check_error([] { mask_at({4, 3}, {{0, 1}}); }, {"1 list of indices", "(4, 3)"});
  check_error([] { mask_at({4, 3}, {{0, 1}, {1}}); }, {"axis 1 has 1 index", "axis 0 has 2"});
  check_error(
      [] {
        sparse_tensor({4, 3}, {{2, 0}, {1, 1}}, tensor({1, 2, 3}));
      },
      {"(3,)", "2 coordinates"});
}

TEST_CASE("values and parameters of coordinates are validated, and named as what they are") {
  const Mask at = mask_at({100, 50}, {{7, 93}, {2, 40}});
  const Tensor y = sparse_tensor({100, 50}, {{7, 93}, {2, 40}}, tensor({1.0, -3.0}));
  const dist::Distribution d = dist::Exponential(ones({100, 50})).mask(at);
  check_error([&] { d.log_prob_sum(y); }, {"value[93, 40] = -3", "(100, 50)"});
  check_error([&] { d.log_prob(y); }, {"value[93, 40] = -3"});
}

TEST_CASE("a trace of coordinates comes back from its file, densities to the bit") {
  const Seen s = seen(300, 200, 100, 14);
  const Tensor y = sparse_tensor({300, 200}, {s.rows, s.columns}, tensor(s.values));
  const Mask at = mask_at({300, 200}, {s.rows, s.columns});
  const auto model = [&] {
    const Tensor u = sample("u", dist::Normal(0, 1).expand({300, 2}).to_event(2));
    const Tensor v = sample("v", dist::Normal(0, 1).expand({200, 2}).to_event(2));
    sample("y", dist::Normal(matmul(u, transpose(v)), 1).mask(at), {.obs = y});
  };
  begin(15);
  const Trace t = h::trace(model).get_trace();
  const nlohmann::json written = t.to_json();
  const nlohmann::json& site = written["sites"][2];
  CHECK(site["value"]["positions"].size() == 100);
  CHECK(site["mask"]["positions"].size() == 100);
  CHECK(site["distribution"]["parameters"]["loc"]["positions"].size() == 100);
  CHECK(site["log_prob"]["elsewhere"] == 0);
  const Trace again = Trace::from_json(nlohmann::json::parse(written.dump()));
  CHECK(again["y"].log_prob_sum().item() == t["y"].log_prob_sum().item());
  CHECK(again["y"].mask == at);
  CHECK(again.to_json() == written);
  const std::string table = t.format_table();
  CHECK(has(table, "100/60000"));
  CHECK(differences(t, again).empty());
}

TEST_CASE("a trace of what no memory could hold comes back from its file, and is drawn") {
  constexpr Index kSide = 100000;
  const Indices rows{5, 70000, 99999}, columns{3, 99999, 0};
  const Tensor y = sparse_tensor({kSide, kSide}, {rows, columns}, tensor({1, 2, 3}));
  const Mask at = mask_at({kSide, kSide}, {rows, columns});
  const auto model = [&] {
    const Tensor u = sample("u", dist::Normal(0, 1).expand({kSide, 2}).to_event(2));
    const Tensor v = sample("v", dist::Normal(0, 1).expand({kSide, 2}).to_event(2));
    sample("y", dist::Normal(matmul(u, transpose(v)), 1).mask(at), {.obs = y});
  };
  begin(16);
  const Trace t = h::trace(model, {.relations = true}).get_trace();
  CHECK(t["y"].parents == std::vector<Name>{"u", "v"});
  const nlohmann::json written = t.to_json();
  const Trace again = Trace::from_json(written);
  CHECK(again["y"].log_prob_sum().item() == t["y"].log_prob_sum().item());
  CHECK(differences(t, again).empty());

  nlohmann::json damaged = written;
  damaged["sites"][2]["log_prob"]["data"][1] = -3.0;
  check_error([&] { Trace::from_json(damaged); }, {"/sites/2/log_prob/data/1", "does not agree"});
  damaged = written;
  damaged["sites"][2]["log_prob"]["positions"][1] = 500004;
  check_error([&] { Trace::from_json(damaged); }, {"/sites/2/log_prob", "other coordinates"});
}

TEST_CASE("relations go through values that wait and values of coordinates") {
  constexpr Index kSide = 100000;
  const Indices rows{5, 70000, 99999}, columns{3, 99999, 0};
  const Tensor data = sparse_tensor({kSide, kSide}, {rows, columns}, tensor({1, 2, 3}));
  const Mask at = mask_at({kSide, kSide}, {rows, columns});
  const auto model = [&] {
    const Tensor u = sample("u", dist::Normal(0, 1).expand({kSide, 2}).to_event(2));
    const Tensor v = sample("v", dist::Normal(0, 1).expand({kSide, 2}).to_event(2));
    const Tensor score = deterministic("score", matmul(u, transpose(v)));
    const Tensor y = deterministic("y", data);
    sample("z", dist::Normal(score, 1).mask(at), {.obs = exp(y)});
  };
  const auto joint = [&](bool relations) {
    begin(17);
    return h::trace(model, {.relations = relations}).get_trace();
  };
  const Trace t = joint(true);
  CHECK(t["score"].parents == std::vector<Name>{"u", "v"});
  CHECK(t["z"].parents == std::vector<Name>{"score", "y"});
  CHECK(t.log_prob_sum().item() == joint(false).log_prob_sum().item());
}

TEST_CASE("tensors of coordinates print what they have") {
  const Tensor y = sparse_tensor({4, 3}, {{2, 0}, {1, 2}}, tensor({1, 2}));
  CHECK(to_string(y) == "2 coordinates of shape (4, 3), with values [2. 1.]");
}

TEST_CASE("a site that no memory could hold prints what it has") {
  constexpr Index kSide = 100000;
  const Indices rows{5, 70000}, columns{3, 99999};
  const Tensor y = sparse_tensor({kSide, kSide}, {rows, columns}, tensor({1, 2}));
  const Mask at = mask_at({kSide, kSide}, {rows, columns});
  const auto model = [&] {
    const Tensor u = zeros({kSide, 2});
    sample("y", dist::Normal(matmul(u, transpose(u)), 1).mask(at), {.obs = y});
  };
  const Trace t = h::trace(model).get_trace();
  CHECK(has(t.format_table(), "mean 1.5 in [1, 2]"));
  const std::string whole = format_site(t["y"]);
  INFO(whole);
  CHECK(has(whole, "2 coordinates of shape (100000, 100000), with values [1. 2.]"));
  CHECK(has(whole, "2 coordinates of shape (100000, 100000), with values [0. 0.]"));
  CHECK(has(whole, "keeping 2 of 10000000000"));
  CHECK(format_site(Trace::from_json(t.to_json())["y"]) == whole);
}
