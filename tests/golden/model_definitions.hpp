// The models of models.md, written with ember's primitives and handlers.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "report.hpp"

namespace golden {

using Model = std::function<void()>;

/// A case's data by name.
class Data {
 public:
  Data(const json& test, const std::string& folder);
  ember::Tensor operator[](const char* name) const;
  ember::Mask mask(const char* name) const;
  ember::Indices indices(const char* name) const { return (*this)[name]; }
  /// The text of the data file, for models that have one.
  const std::string& file() const { return file_; }

 private:
  json data_;
  std::string file_;
};

/// A distribution by its family's name; skips the case where ember has no such family.
ember::distributions::Distribution family(const std::string& name, const ember::Values& parameters);

/// Makers of models from data, by name.
const std::map<std::string, std::function<Model(const Data&)>>& model_definitions();

}  // namespace golden
