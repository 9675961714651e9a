// Writes the reports that report_page_test.py looks at: report_pages FOLDER.
#include <ember/ember.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;
namespace infer = ember::inference;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();
const Real kInfinity = std::numeric_limits<Real>::infinity();

// Hidden where (row + 2 column) is a multiple of 5, as the script computes, too.
Mask pattern(Index rows, Index columns) {
  std::vector<bool> bits;
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < columns; ++j) bits.push_back((i + 2 * j) % 5 != 0);
  }
  return mask_of(bits, {rows, columns});
}

// Every kind of site and form of value, and names that no page likes.
void small() {
  const Tensor mu = sample("mu", dist::Normal(0, 5));
  param("rate", 0.25, constraints::positive);
  param("weights", linspace(-2, 2, 300));
  factor("f", -square(mu));
  sample("\"quoted\" <b>&amp; & </script><!--", dist::Normal(0, 1));
  sample("two\nlines", dist::Normal(mu, 1), {.obs = Tensor(1.5)});
  sample("größe_σ_模型_\u2028", dist::Normal(0, 1));
  deterministic("odd", tensor({1.0, kNaN, kInfinity, -kInfinity, 2.0}));
  plate rows("rows", 7, {.dim = -2});
  plate columns("columns", 12, {.dim = -1});
  const Mask seen = pattern(7, 12);
  const Tensor data = where(seen, arange(84).reshape({7, 12}), kNaN);
  with inside(h::mask(seen), h::scale(0.5));
  sample("y", dist::Normal(mu, 10), {.obs = data});
}

void large() {
  constexpr Index kRows = 2000, kColumns = 3000;
  // The lower half is hidden, and of the upper half every other column.
  std::vector<std::uint8_t> bytes(kRows * kColumns);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = i < bytes.size() / 2 && i % 2 == 0;
  plate rows("rows", kRows, {.dim = -2});
  plate columns("columns", kColumns, {.dim = -1});
  with inside(h::mask(Mask::from_bytes({kRows, kColumns}, std::move(bytes))));
  sample("x", dist::Normal(0, 1));
}

void many() {
  for (Index i = 0; i < 300; ++i) {
    sample("site_" + std::to_string(i), dist::Normal(0, 1).expand({20, 30}).mask(pattern(20, 30)));
  }
}

// A chain, each link of which reads the one before, in plates whose labels stand near edges.
void chain() {
  Tensor z = sample("start", dist::Normal(0, 1));
  plate people("people", 5);
  const Tensor shift = sample("shift", dist::Normal(0, 1));
  for ([[maybe_unused]] const Index t : sequential_plate("time", 6)) {
    z = sample("z", dist::Normal(z + shift, 1));
    sample("y", dist::Normal(z, 1), {.obs = zeros({5})});
  }
  deterministic("cube", arange(120).reshape({4, 5, 6}));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string folder = std::string(argv[1]) + "/";
  try {
    set_rng_seed(3);
    infer::Fit fit{.losses = {1e9}, .seconds = 0.5};
    for (int i = 1; i < 2000; ++i) {
      fit.losses.push_back(static_cast<Real>(50 + 100 * std::exp(-i / 100.0) + 2 * std::sin(i)));
    }
    const Trace trace = h::trace(small, {.relations = true}).get_trace();
    const Values draws = infer::Predictive(small, {.num_samples = 200})();
    infer::save_report(folder + "small.html", trace,
                       {.fit = fit,
                        .draws = draws,
                        .params = {{"guide.loc", tensor({1, 2, 6})}, {"rate", 7}},
                        .title = "Small & <odd>"});
    infer::save_report(folder + "empty.html", Trace());
    infer::save_report(folder + "chain.html", h::trace(chain, {.relations = true}).get_trace());
    infer::save_report(folder + "large.html", h::trace(large).get_trace());
    infer::save_report(folder + "many.html", h::trace(many).get_trace());
  } catch (const Error& error) {
    std::fprintf(stderr, "report_pages: %s\n", error.what());
    return 1;
  }
  return 0;
}
