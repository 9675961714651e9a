// Tensors by name, in order: what a data file holds.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ember/core/tensor.hpp>

namespace ember {

/// The tensors of a data file, in its order.
class NamedTensors {
 public:
  explicit NamedTensors(std::string file) : file_(std::move(file)) {}

  /// An error where there is none of that name: it says which there are.
  Tensor operator[](std::string_view name) const { return items_[position_of(name)].second; }
  bool contains(std::string_view name) const { return find(name) < items_.size(); }
  std::vector<std::string> names() const;

  std::size_t size() const { return items_.size(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

  const std::string& file() const { return file_; }
  void add(std::string name, Tensor value);

 protected:
  std::size_t position_of(std::string_view name) const;

  std::string hint_;  // what errors of names that are not there say in the end

 private:
  std::size_t find(std::string_view name) const;

  std::string file_;
  std::vector<std::pair<std::string, Tensor>> items_;
};

}  // namespace ember
