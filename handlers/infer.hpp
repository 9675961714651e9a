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
  Infer(std::initializer_list<Map::value_type> notes);
  Infer(const Infer& other) : notes_(other.copy()) {}
  Infer(Infer&&) noexcept = default;
  Infer& operator=(const Infer& other) {
    notes_ = other.copy();
    return *this;
  }
  Infer& operator=(Infer&&) noexcept = default;
  ~Infer() = default;

  bool empty() const { return notes_ == nullptr || size() == 0; }
  std::size_t size() const;
  bool contains(const std::string& key) const;
  void erase(const std::string& key);
  Map::const_iterator begin() const;
  Map::const_iterator end() const;
  Map::const_iterator find(const std::string& key) const;
  const Note& at(const std::string& key) const;
  Note& operator[](const std::string& key);

  friend bool operator==(const Infer& a, const Infer& b);

 private:
  // Here are no bodies that make the code of a map in each model's source.
  struct Destroy {
    void operator()(const Map* notes) const noexcept;
  };
  using Owned = std::unique_ptr<Map, Destroy>;
  Owned copy() const { return notes_ == nullptr ? nullptr : copy_of(*notes_); }
  static Owned copy_of(const Map& notes);
  const Map& map() const;

  Owned notes_;  // null: there are none
};

}  // namespace ember
