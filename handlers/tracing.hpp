// h::trace: records a model's sites and plates.
#pragma once

#include <ember/core/function_ref.hpp>
#include <ember/handlers/handler.hpp>
#include <ember/handlers/trace.hpp>

namespace ember::handlers {

struct TraceOptions {
  bool relations = false;  // each site keeps the sites that its density depends on
};

/// Records what comes back from the stack: every algorithm reads models through this. Entering it
/// begins a new trace. Relations are followed through operators, masks and indices, not through
/// numbers that were taken out of a tensor.
class TraceHandler final : public Handler {
 public:
  explicit TraceHandler(const TraceOptions& options = {}) : relations_(options.relations) {}

  const Trace& get() const { return trace_; }
  Trace& get() { return trace_; }

  void enter() override {
    trace_.clear();
    if (relations_) marks_.emplace();
  }
  void exit() noexcept override { marks_.reset(); }
  void process(Message& message) override;
  void postprocess(Message& message) override;

  /// Runs a program. An Error of an expression, which knows no site, names the last one before it.
  void run(FunctionRef<void()> program);

 private:
  void add_site(Message& message);

  bool relations_;
  std::optional<detail::MarksSources> marks_;
  Trace trace_;
};

class TraceHandle : public Handle<TraceHandler> {
 public:
  using Handle::Handle;
  const Trace& get() const { return share()->get(); }
};

/// A recording handler: `auto t = h::trace(); { with inside(t); model(); } t.get()`.
TraceHandle trace(const TraceOptions& options = {});

/// A model whose executions can be looked at: h::trace(model).get_trace(args..).
template <class M>
class Traced {
 public:
  explicit Traced(M model, const TraceOptions& options = {})
      : model_(std::move(model)), options_(options) {}

  template <class... Args>
  decltype(auto) operator()(Args&&... args) const {
    return model_(std::forward<Args>(args)...);
  }
  template <class... Args>
  Trace get_trace(Args&&... args) const {
    TraceHandler handler(options_);
    handler.run([&] { static_cast<void>(model_(std::forward<Args>(args)...)); });
    return std::move(handler.get());
  }

 private:
  M model_;
  TraceOptions options_;
};

template <Model M>
Traced<M> trace(M model, const TraceOptions& options = {}) {
  return Traced<M>(std::move(model), options);
}

}  // namespace ember::handlers
