// Interned names: a site, plate or parameter name is one pointer; comparing two is comparing
// pointers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ember {

/// A name, interned in a table of the whole process (entries live until its end). Equal text, equal
/// Name.
class Name {
 public:
  /// What the table holds of a name.
  struct Entry {
    std::string text;
    std::uint64_t hash;  // of the text alone: the same in every process
    std::uint32_t id;    // dense, in order of first use
  };

  Name() = default;               // ""
  Name(const char* text);         // NOLINT(google-explicit-constructor)
  Name(const std::string& text);  // NOLINT(google-explicit-constructor)
  explicit Name(std::string_view text);

  const std::string& str() const { return entry().text; }
  const char* c_str() const { return entry().text.c_str(); }
  operator std::string_view() const { return entry().text; }  // NOLINT(google-explicit-constructor)
  bool empty() const { return entry_ == nullptr; }
  std::uint64_t hash() const { return entry().hash; }
  std::uint32_t id() const { return entry().id; }

  friend bool operator==(Name a, Name b) { return a.entry_ == b.entry_; }
  friend bool operator==(Name a, const char* b) { return a.str() == b; }
  friend bool operator==(Name a, const std::string& b) { return a.str() == b; }
  friend std::string operator+(Name a, std::string_view b) { return a.str() + std::string(b); }
  friend std::string operator+(std::string_view a, Name b) { return std::string(a) + b.str(); }

 private:
  static const Entry kEmpty;
  const Entry& entry() const { return entry_ != nullptr ? *entry_ : kEmpty; }

  const Entry* entry_ = nullptr;  // null: ""
};

}  // namespace ember
