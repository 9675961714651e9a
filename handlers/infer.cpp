#include <ember/handlers/infer.hpp>

namespace ember {

Infer::Infer(std::initializer_list<Map::value_type> notes) : notes_(new Map(notes)) {}

void Infer::Destroy::operator()(const Map* notes) const noexcept { delete notes; }
Infer::Owned Infer::copy_of(const Map& notes) { return Owned(new Map(notes)); }

const Infer::Map& Infer::map() const {
  static const Map none;
  return notes_ == nullptr ? none : *notes_;
}

std::size_t Infer::size() const { return map().size(); }
bool Infer::contains(const std::string& key) const { return map().contains(key); }
void Infer::erase(const std::string& key) {
  if (notes_ != nullptr) notes_->erase(key);
}
Infer::Map::const_iterator Infer::begin() const { return map().begin(); }
Infer::Map::const_iterator Infer::end() const { return map().end(); }
Infer::Map::const_iterator Infer::find(const std::string& key) const { return map().find(key); }
const Infer::Note& Infer::at(const std::string& key) const { return map().at(key); }
Infer::Note& Infer::operator[](const std::string& key) {
  if (notes_ == nullptr) notes_ = Owned(new Map);
  return (*notes_)[key];
}

bool operator==(const Infer& a, const Infer& b) { return a.map() == b.map(); }

}  // namespace ember
