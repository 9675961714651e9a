// Handler: the base of all effect handlers; `with`: the scope that one or more of them act in; the
// thread's stack of them.
#pragma once

#include <concepts>
#include <memory>
#include <utility>
#include <vector>

#include <ember/handlers/message.hpp>

namespace ember {

namespace handlers {

/// An effect handler. A message visits the handlers of the stack from the innermost outward
/// (`process`) until one sets `stop`; after the default action it comes back (`postprocess`).
///
///     struct Shout : handlers::Handler {
///       void postprocess(Message& message) override { std::puts(message.name.c_str()); }
///     };
///     Shout shout;
///     with inside(shout);
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void process(Message&) {}
  virtual void postprocess(Message&) {}
  /// Called when the handler is put on the stack and when it is taken off.
  virtual void enter() {}
  virtual void exit() noexcept {}

 protected:
  Handler() = default;
  Handler(const Handler&) = default;
  Handler(Handler&&) = default;
  Handler& operator=(const Handler&) = default;
  Handler& operator=(Handler&&) = default;
};

/// A handler as a value: copies share its state.
template <std::derived_from<Handler> H>
class Handle {
 public:
  explicit Handle(std::shared_ptr<H> handler) : handler_(std::move(handler)) {}
  const std::shared_ptr<H>& share() const { return handler_; }
  H* operator->() const { return handler_.get(); }

 private:
  std::shared_ptr<H> handler_;
};

template <std::derived_from<Handler> H, class... Args>
Handle<H> make_handle(Args&&... args) {
  return Handle<H>(std::make_shared<H>(std::forward<Args>(args)...));
}

}  // namespace handlers

namespace detail {

/// Puts a handler on this thread's stack, as the innermost; takes the innermost off.
void push_handler(handlers::Handler& handler);
void pop_handler() noexcept;
/// How many handlers there are.
std::size_t handler_depth();

/// A handler on the stack until the end of the scope.
class Pushed {
 public:
  explicit Pushed(handlers::Handler& handler) { push_handler(handler); }
  Pushed(const Pushed&) = delete;
  Pushed& operator=(const Pushed&) = delete;
  ~Pushed() { pop_handler(); }
};

/// What happens to a message when the handlers have seen it: a latent site draws its value, a
/// parameter looks its value up.
void default_action(Message& message);

/// Sends a message through the stack: see Handler.
void apply_stack(Message& message);

/// For a handler that has made another message of the one it processes: the handlers further in,
/// which have seen the former one, process this one.
void process_further_in(const handlers::Handler& handler, Message& message);

}  // namespace detail

/// Handlers that act until the end of the block, the first one outermost:
///
///     with inside(h::mask(rows), h::scale(0.5));
///
/// Takes handles, and handlers of one's own (by reference, or a temporary).
class with {
 public:
  template <class... Handlers>  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload)
  explicit with(Handlers&&... handlers) {
    static_assert(sizeof...(Handlers) > 0, "with needs a handler");
    make_room(sizeof...(Handlers));
    try {
      (enter(share(std::forward<Handlers>(handlers))), ...);
    } catch (...) {
      leave();
      throw;
    }
  }
  with(const with&) = delete;
  with& operator=(const with&) = delete;
  ~with() { leave(); }

 private:
  template <class H>
  static std::shared_ptr<handlers::Handler> share(const handlers::Handle<H>& handle) {
    return handle.share();
  }
  template <std::derived_from<handlers::Handler> H>
  static std::shared_ptr<handlers::Handler> share(H& handler) {
    return {std::shared_ptr<void>(), &handler};  // the caller owns it
  }
  template <std::derived_from<handlers::Handler> H>
  static std::shared_ptr<handlers::Handler> share(H&& handler) {
    return std::make_shared<H>(std::forward<H>(handler));
  }

  void make_room(std::size_t handlers);
  void enter(std::shared_ptr<handlers::Handler> handler);
  void leave() noexcept;

  std::vector<std::shared_ptr<handlers::Handler>> kept_;
};

namespace handlers {

/// A model under a handler, which is made anew for each call: calls may nest and run in several
/// threads. Returns what the model returns.
template <class Model, class Make>
class Wrapped {
 public:
  Wrapped(Model model, Make make) : model_(std::move(model)), make_(std::move(make)) {}

  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    auto handler = make_();
    const ember::detail::Pushed inside(handler);
    return model_(std::forward<Args>(args)...);
  }

 private:
  Model model_;
  Make make_;
};

/// A model under a handler of type H, made of these arguments.
template <class H, class Model, class... Args>
auto wrap(Model model, Args... args) {
  return Wrapped(std::move(model), [... args = std::move(args)] { return H(args...); });
}

/// What a handler function takes for a model: something callable, not a handler's argument.
template <class T>
concept Model =
    std::is_class_v<std::decay_t<T>> || std::is_function_v<std::remove_pointer_t<std::decay_t<T>>>;

}  // namespace handlers
}  // namespace ember
