// h::trace: records a model's sites and plates.
#pragma once

#include <ember/handlers/handler.hpp>
#include <ember/handlers/trace.hpp>

namespace ember::handlers {

/// Records what comes back from the stack: every algorithm reads models through this. Entering it
/// begins a new trace.
class TraceHandler final : public Handler {
 public:
  const Trace& get() const { return trace_; }
  Trace& get() { return trace_; }

  void enter() override { trace_.clear(); }
  void process(Message& message) override;
  void postprocess(Message& message) override;

 private:
  Trace trace_;
};

class TraceHandle : public Handle<TraceHandler> {
 public:
  using Handle::Handle;
  const Trace& get() const { return share()->get(); }
};

/// A recording handler: `auto t = h::trace(); { with inside(t); model(); } t.get()`.
inline TraceHandle trace() { return TraceHandle(std::make_shared<TraceHandler>()); }

/// A model whose executions can be looked at: h::trace(model).get_trace(args..).
template <class M>
class Traced {
 public:
  explicit Traced(M model) : model_(std::move(model)) {}

  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return model_(std::forward<Args>(args)...);
  }
  template <class... Args>
  Trace get_trace(Args&&... args) const {
    TraceHandler handler;
    {
      const ember::detail::Pushed inside(handler);
      static_cast<void>(model_(std::forward<Args>(args)...));
    }
    return std::move(handler.get());
  }

 private:
  M model_;
};

template <Model M>
Traced<M> trace(M model) {
  return Traced<M>(std::move(model));
}

}  // namespace ember::handlers
