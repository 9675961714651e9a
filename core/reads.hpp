// Who reads what: whether numbers depend on an input of a recording, through the tape, or because
// somebody looked at one that does (as an index, a condition, a constant).
#pragma once

#include <ember/core/node.hpp>

namespace ember::detail {

/// Whether `node` was computed from `input`, a leaf of the running recording.
bool depends_on(const Node& node, const Node& input);

/// Until its end, this thread notes which of the inputs added are looked at. Watches nest.
class ReadWatch {
 public:
  ReadWatch();
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;
  ~ReadWatch();

 private:
  std::size_t outer_;  // how many inputs were watched before
};
void watch_reads(const Node& input);
/// Whether a number that depends on a watched input was looked at.
bool was_read(const Node& input);

void keep_read(const Node& node);
/// Called by whatever turns numbers of a tensor into something that is not on the tape.
inline void note_read(const Node& node) {
  if (may_vary(node)) keep_read(node);
}

}  // namespace ember::detail
