#include <ember/core/name.hpp>

#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <unordered_map>

#include <ember/core/name_table.hpp>

namespace ember {
namespace {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

class NameTable {
 public:
  const Name::Entry* intern(std::string_view text) {
    if (text.empty()) return nullptr;
    const std::lock_guard lock(mutex_);
    if (auto found = index_.find(text); found != index_.end()) return found->second;
    entries_.push_back(
        {std::string(text), fnv1a(text), static_cast<std::uint32_t>(entries_.size() + 1)});
    const Name::Entry* entry = &entries_.back();
    index_.emplace(entry->text, entry);
    return entry;
  }

  const std::string& text_of(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    return entries_.at(id - 1U).text;
  }

 private:
  std::mutex mutex_;
  std::deque<Name::Entry> entries_;  // never moves its elements
  std::unordered_map<std::string_view, const Name::Entry*> index_;
};

NameTable& table() {
  static NameTable& instance =
      *new NameTable;  // never destroyed: names are used by destructors of other statics
  return instance;
}

// A literal is looked up by its address first; the text is compared, since a buffer may be reused.
const Name::Entry* intern_cached(const char* text) {
  struct Slot {
    const char* text = nullptr;
    const Name::Entry* entry = nullptr;
  };
  thread_local std::array<Slot, 256> cache;
  Slot& slot = cache[(reinterpret_cast<std::uintptr_t>(text) * 0x9e3779b97f4a7c15U) >> 56U];
  if (text[0] == '\0') return nullptr;
  if (slot.text == text && std::strcmp(text, slot.entry->text.c_str()) == 0) return slot.entry;
  slot = {text, table().intern(text)};
  return slot.entry;
}

}  // namespace

const Name::Entry Name::kEmpty{"", fnv1a(""), 0};

Name::Name(const char* text) : entry_(intern_cached(text)) {}
Name::Name(const std::string& text) : entry_(table().intern(text)) {}
Name::Name(std::string_view text) : entry_(table().intern(text)) {}

Name detail::name_with_id(std::uint32_t id) { return id == 0 ? Name() : Name(table().text_of(id)); }

}  // namespace ember
