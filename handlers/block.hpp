// h::block: hides sites from the handlers further out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// Which sites to hide: `hide` names them; `expose` names those that stay while all others go;
/// `predicate` says it of a message. Without any of these, all sites are hidden.
struct BlockOptions {
  std::vector<std::string> hide = {};
  std::vector<std::string> expose = {};
  std::function<bool(const Message&)> predicate = {};
};

/// Hides sites from the handlers further out.
class BlockHandler final : public Handler {
 public:
  explicit BlockHandler(BlockOptions options);
  void process(Message& message) override;

 private:
  BlockOptions options_;
};

/// BlockHandler for a scope, and around a model.
Handle<BlockHandler> block(BlockOptions options = {});
template <Model M>
auto block(M model, BlockOptions options = {}) {
  return wrap<BlockHandler>(std::move(model), std::move(options));
}

}  // namespace ember::handlers
