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

/// Row i of each draw as a trace of latent sites.
Trace row_of(const Values& draws, Index i);

}  // namespace ember::inference
