// Row 3: what a handler more on the stack costs a site, and a site that is traced. The table takes
// differences between depths, and divides them by handlers and sites.
#include <array>
#include <string>
#include <vector>

#include <ember/ember.hpp>

#include "common/agreement.hpp"
#include "common/row.hpp"

using namespace ember;
namespace dist = ember::distributions;
namespace h = ember::handlers;

namespace {

constexpr std::size_t kSites = 8;

// Sees all and does nothing.
struct Passive : h::Handler {
  void process(Message& message) override { seen += message.is_observed ? 1 : 0; }
  void postprocess(Message& message) override { seen += message.is_observed ? 1 : 0; }
  std::size_t seen = 0;
};

class Case {
 public:
  Case(Index depth, bool is_traced)
      : handlers_(static_cast<std::size_t>(depth)), is_traced_(is_traced) {
    for (std::size_t i = 0; i < kSites; ++i) names_.emplace_back("site_" + std::to_string(i));
  }

  double ember() {
    if (!is_traced_) return nested(0);
    const detail::Pushed inside(tracer_);
    return nested(0);
  }

  void check() {
    ember();
    for (const Passive& handler : handlers_) {
      const auto seen = static_cast<double>(handler.seen);
      const double expected = 2 * kSites;
      bench::expect_agreement("3.handlers, messages", {&seen, 1}, {&expected, 1});
    }
    const auto sites = static_cast<double>(tracer_.get().size());
    const double expected = is_traced_ ? kSites : 0;
    bench::expect_agreement("3.handlers, sites", {&sites, 1}, {&expected, 1});
  }

 private:
  double nested(std::size_t depth) {
    if (depth < handlers_.size()) {
      const detail::Pushed inside(handlers_[depth]);
      return nested(depth + 1);
    }
    for (const Name name : names_) sample(name, distribution_, {.obs = y_});
    return 0;
  }

  std::vector<Name> names_;
  std::vector<Passive> handlers_;
  h::TraceHandler tracer_;
  bool is_traced_;
  dist::Normal distribution_{0, 1};
  Tensor y_ = 0.3;
};

void add(const char* row, Index depth, bool is_traced) {
  bench::add_row<Case>(row, {{"depth", depth}}, kSites, {{"ember", &Case::ember}},
                       [=] { return std::make_unique<Case>(depth, is_traced); });
}

const bool kAdded = [] {
  for (const Index depth : {0, 1, 9}) add("3.handlers", depth, false);
  add("3.traced", 0, true);
  return true;
}();

}  // namespace
