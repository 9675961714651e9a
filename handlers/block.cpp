#include <ember/handlers/block.hpp>

#include <algorithm>

#include <ember/core/error.hpp>

namespace ember::handlers {
namespace {

bool contains(const std::vector<std::string>& names, Name name) {
  return std::find(names.begin(), names.end(), name.str()) != names.end();
}

}  // namespace

BlockHandler::BlockHandler(BlockOptions options) : options_(std::move(options)) {
  const int given = int{!options_.hide.empty()} + int{!options_.expose.empty()} +
                    int{static_cast<bool>(options_.predicate)};
  if (given > 1) {
    fail("block", "more than one of .hide, .expose and .predicate was given", "give one of them");
  }
}

// Plates are no sites: what is subsampled stays known to all.
void BlockHandler::process(Message& message) {
  if (message.kind == Message::Kind::plate) return;
  const bool hidden = options_.predicate         ? options_.predicate(message)
                      : !options_.hide.empty()   ? contains(options_.hide, message.name)
                      : !options_.expose.empty() ? !contains(options_.expose, message.name)
                                                 : true;
  if (hidden) message.stop = true;
}

Handle<BlockHandler> block(BlockOptions options) {
  return make_handle<BlockHandler>(std::move(options));
}

}  // namespace ember::handlers
