#include <ember/inference/diagnosis.hpp>

#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/tracing.hpp>

namespace ember::inference {
namespace {

// Gives latents the trace's values, as inputs of the running recording, and plates its indices.
class Leaves final : public handlers::Handler {
 public:
  explicit Leaves(const Trace& trace) : trace_(trace) {}
  void process(Message& message) override {
    if (message.kind == Message::Kind::plate && !message.indices) {
      if (const TracePlate* plate = trace_.find_plate(message.name))
        message.indices = plate->indices;
      message.done = message.indices.has_value();
    }
    if (message.kind != Message::Kind::sample || message.is_observed || message.done) return;
    const Site* site = trace_.find(message.name);
    if (site == nullptr) return;
    message.value = detail::Recording::leaf(tensor(site->value.data(), site->value.shape()));
    message.done = true;
  }

 private:
  const Trace& trace_;
};

// Calls f(site, its trace, parameters) after a reverse pass from each site in turn, until it is
// true; gives that site's name.
template <class F>
std::string search(FunctionRef<void()> model, const Trace& trace, F f) {
  for (std::size_t k = 0; k < trace.size(); ++k) {
    const detail::Recording recording;
    detail::ParamLeaves leaves;
    const detail::ParamLeaves::Scope scope(leaves);
    handlers::TraceHandler tracer;
    Leaves inputs(trace);
    {
      const with inside(tracer, inputs);
      model();
    }
    if (k >= tracer.get().size()) continue;
    const Site& site = *(tracer.get().begin() + static_cast<std::ptrdiff_t>(k));
    if (!site.has_distribution()) continue;
    detail::Tape::current().backward(site.log_prob_sum().node(), 1);
    if (f(site, tracer.get(), leaves)) return site.name.str();
  }
  return "?";
}

bool is_finite(const Tensor& leaf) { return isfinite(detail::adjoint_of(leaf)).is_all(); }

}  // namespace

std::string find_bad_gradient(FunctionRef<void()> model, const Trace& trace) {
  return search(model, trace, [](const Site&, const Trace& t, const detail::ParamLeaves& leaves) {
    for (const Site& site : t) {
      if (site.kind == SiteKind::latent && !is_finite(site.value)) return true;
    }
    for (const auto* leaf : leaves.leaves()) {
      if (!is_finite(leaf->unconstrained)) return true;
    }
    return false;
  });
}

std::string find_reader(FunctionRef<void()> model, const Trace& trace, Name latent) {
  return search(model, trace, [&](const Site& site, const Trace& t, const detail::ParamLeaves&) {
    const Site& read = t[latent];
    if (site.name == latent || !read.value.node().has_adjoint) return false;
    const Mask reach = detail::reach_of(read.value.node());
    const std::size_t event_dim =
        read.distribution.event_shape().rank() - read.distribution.reinterpreted();
    const Mask hidden = (!read.mask).unsqueeze_right(event_dim).broadcast_to(read.value.shape());
    return (reach & hidden).count() > 0;
  });
}

}  // namespace ember::inference
