// Draws: values of many executions of a model, by site, stacked along a new first axis.
#pragma once

#include <vector>

#include <ember/handlers/trace.hpp>
#include <ember/handlers/values.hpp>

namespace ember::inference {

/// Collects values; an error where a name's shape changes from one execution to another.
class Draws {
 public:
  void add(const std::string& name, const Tensor& value);
  Values stack() const;

 private:
  struct Column {
    Shape shape;
    std::vector<Real> values;
    Index count = 0;
  };
  std::map<std::string, Column> columns_;
};

/// The names of all draws: those of the trace's sites in its order, then the others.
std::vector<std::string> names_of(const Values& draws, const Trace& trace);

/// Which elements of a site's draws, (n, ..), are estimates. None are those that are NaN in every
/// draw; nor, of a site (null where nobody knows it) whose values have the draws' shape, those that
/// its mask hides: a guide draws something there all the same, which nothing was fitted to. Hidden
/// data were drawn anew where they are not the same in every draw, and then are estimates.
Mask estimated(const Tensor& draws, const Site* site);

/// Row i of each draw as a trace of latent sites.
Trace row_of(const Values& draws, Index i);

}  // namespace ember::inference
