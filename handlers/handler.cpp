#include <ember/handlers/handler.hpp>

#include <ember/core/error.hpp>

namespace ember {
namespace detail {
namespace {

std::vector<handlers::Handler*>& stack() {
  thread_local std::vector<handlers::Handler*> handlers;
  return handlers;
}

}  // namespace

void push_handler(handlers::Handler& handler) {
  stack().push_back(&handler);
  try {
    handler.enter();
  } catch (...) {
    stack().pop_back();
    throw;
  }
}

void pop_handler() noexcept {
  handlers::Handler* handler = stack().back();
  stack().pop_back();
  handler->exit();
}

std::size_t handler_depth() { return stack().size(); }

// A handler may itself run models: the stack is longer for a while, and the same again after.
void apply_stack(Message& message) {
  const std::vector<handlers::Handler*>& handlers = stack();
  const std::size_t depth = handlers.size();
  std::size_t seen = depth;
  while (seen > 0 && !message.stop) handlers[--seen]->process(message);
  if (!message.done) default_action(message);
  for (; seen < depth; ++seen) handlers[seen]->postprocess(message);
}

void process_further_in(const handlers::Handler& handler, Message& message) {
  const std::vector<handlers::Handler*>& handlers = stack();
  for (std::size_t i = handlers.size(); i > 0 && handlers[i - 1] != &handler; --i) {
    if (!message.stop) handlers[i - 1]->process(message);
  }
}

}  // namespace detail

void with::make_room(std::size_t handlers) { kept_.reserve(handlers); }

void with::enter(std::shared_ptr<handlers::Handler> handler) {
  detail::push_handler(*handler);
  kept_.push_back(std::move(handler));
}

void with::leave() noexcept {
  for (std::size_t i = 0; i < kept_.size(); ++i) detail::pop_handler();
  while (!kept_.empty()) kept_.pop_back();
}

}  // namespace ember
