// render_model: the graph of a model, as Graphviz draws it.
#pragma once

#include <ember/core/random.hpp>
#include <ember/handlers/tracing.hpp>

namespace ember {

/// The graph of a trace whose relations were recorded: a node a site, a box a plate, and an edge
/// where the value of one site reaches the density (or, for deterministic sites, the value) of
/// another. Observed sites are shaded, deterministic ones dashed, parameters plain text, factors
/// small squares; masked sites tell how many elements they keep.
class ModelGraph {
 public:
  /// An error where the trace has no relations.
  explicit ModelGraph(const Trace& trace);

  /// In Graphviz' language.
  const std::string& dot() const { return dot_; }
  /// Drawn by the program `dot`; an error where that is not installed.
  std::string svg() const;
  /// Writes .dot or .gv, or what `dot` makes of it: .svg, .pdf, .png.
  void save(const std::string& file) const;

 private:
  std::string drawn_as(const std::string& format) const;

  std::string dot_;
};

/// Runs the model once and gives its graph:
///
///     render_model(model, data).save("model.svg");
///
/// Draws and parameters that the run makes do not change what later runs draw.
template <class Model, class... Args>
ModelGraph render_model(const Model& model, const Args&... args) {
  const detail::RandomState before = detail::random_state();
  struct PutBack {
    const detail::RandomState& state;
    ~PutBack() { detail::random_state() = state; }
  } const put_back{before};
  return ModelGraph(
      handlers::trace([&] { static_cast<void>(model(args...)); }, {.relations = true}).get_trace());
}

}  // namespace ember
