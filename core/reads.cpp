#include <ember/core/reads.hpp>

#include <algorithm>
#include <vector>

#include <ember/core/rerun.hpp>

namespace ember::detail {
namespace {

struct Watched {
  const Node* input;
  bool is_read;
};
thread_local std::vector<Watched> watched;

}  // namespace

// Operands stand before their results: what stands before the input does not depend on it.
bool depends_on(const Node& node, const Node& input) {
  thread_local std::vector<const Node*> open;
  thread_local std::vector<bool> seen;
  open.clear();
  seen.assign(static_cast<std::size_t>(std::max(node.position - input.position, 0)) + 1, false);
  const auto visit = [&](const Node& next) {
    if (!next.requires_grad || next.position < input.position) return;
    const auto place = static_cast<std::size_t>(next.position - input.position);
    if (seen[place]) return;
    seen[place] = true;
    open.push_back(&next);
  };
  visit(node);
  while (!open.empty()) {
    const Node& next = *open.back();
    open.pop_back();
    if (&next == &input) return true;
    for (std::int32_t k = 0; k < next.operand_count; ++k) visit(*next.operands[k]);
  }
  return false;
}

ReadWatch::ReadWatch() : outer_(watched.size()) {}
ReadWatch::~ReadWatch() { watched.resize(outer_); }

void watch_reads(const Node& input) { watched.push_back({&input, false}); }

bool was_read(const Node& input) {
  return std::any_of(watched.begin(), watched.end(),
                     [&](const Watched& w) { return w.input == &input && w.is_read; });
}

void keep_read(const Node& node) {
  refuse_rerun();
  for (Watched& w : watched) w.is_read = w.is_read || depends_on(node, *w.input);
}

}  // namespace ember::detail
