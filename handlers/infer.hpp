// Notes for inference algorithms, as a statement carries them.
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace ember {

/// Notes by key: {{"is_auxiliary", true}}. Nearly all statements have none, and these cost a null
/// pointer wherever they are copied.
class Infer {
 public:
  using Note = std::variant<bool, double, std::string>;
  using Map = std::map<std::string, Note>;

  Infer() = default;
  Infer(std::initializer_list<Map::value_type> notes) : notes_(std::make_unique<Map>(notes)) {}
  Infer(const Infer& other) : notes_(other.copy()) {}
  Infer(Infer&&) noexcept = default;
  Infer& operator=(const Infer& other) {
    notes_ = other.copy();
    return *this;
  }
  Infer& operator=(Infer&&) noexcept = default;
  ~Infer() = default;

  bool empty() const { return notes_ == nullptr || notes_->empty(); }
  std::size_t size() const { return map().size(); }
  bool contains(const std::string& key) const { return map().contains(key); }
  void erase(const std::string& key) {
    if (notes_ != nullptr) notes_->erase(key);
  }
  Map::const_iterator begin() const { return map().begin(); }
  Map::const_iterator end() const { return map().end(); }
  Map::const_iterator find(const std::string& key) const { return map().find(key); }
  const Note& at(const std::string& key) const { return map().at(key); }
  Note& operator[](const std::string& key) {
    if (notes_ == nullptr) notes_ = std::make_unique<Map>();
    return (*notes_)[key];
  }

  friend bool operator==(const Infer& a, const Infer& b) { return a.map() == b.map(); }

 private:
  std::unique_ptr<Map> copy() const {
    return notes_ == nullptr ? nullptr : std::make_unique<Map>(*notes_);
  }
  const Map& map() const {
    static const Map none;
    return notes_ == nullptr ? none : *notes_;
  }

  std::unique_ptr<Map> notes_;  // null: there are none
};

}  // namespace ember
