// JSON texts, read strictly: no key twice, no number that would become another one, no nesting that
// could exhaust the stack of whoever walks through the document.
#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/core/number_text.hpp>

namespace ember::detail {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 200;
constexpr std::size_t kLongestReason = 300;

// nlohmann's "[..] parse error at line 1, column 13: syntax error while parsing value - REASON":
// where it is, and why.
std::pair<std::string, std::string> parts_of(std::string_view text, std::size_t byte) {
  constexpr std::string_view kBefore = "parse error at ";
  const std::size_t at = text.find(kBefore);
  const std::size_t colon = at == std::string_view::npos ? at : text.find(": ", at);
  if (colon == std::string_view::npos) {
    return {"byte " + std::to_string(byte), std::string(text.substr(0, kLongestReason))};
  }
  const std::size_t begin = at + kBefore.size();
  std::string_view reason = text.substr(colon + 2);
  const std::size_t dash = reason.find(" - ");
  if (dash != std::string_view::npos) reason.remove_prefix(dash + 3);
  std::string words(reason.substr(0, kLongestReason));
  for (std::size_t k = words.find("; "); k != std::string::npos; k = words.find("; ", k)) {
    words[k] = ',';
  }
  return {std::string(text.substr(begin, colon - begin)), std::move(words)};
}

class Builder final : public nlohmann::json_sax<json> {
 public:
  explicit Builder(json& root) : root_(root) {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    try {
      real_of_text(text, value);
    } catch (const Error& error) {
      fail("json " + path(), error.what());
    }
    return put(value);
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& value) override { return put(std::move(value)); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    keys_.back() = std::move(name);
    const bool is_new = open_.back()->emplace(keys_.back(), nullptr).second;
    if (!is_new) fail("json " + path(), "the key stands here twice", "leave one of them out");
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const auto [place, reason] = parts_of(error.what(), byte);
    fail("", "is no valid JSON: " + place + ", json " + path() + ": " + reason,
         "is the file whole?");
  }

 private:
  json& slot(json value) {
    if (open_.empty()) return root_ = std::move(value);
    json& parent = *open_.back();
    if (parent.is_object()) return parent[keys_.back()] = std::move(value);
    parent.push_back(std::move(value));
    return parent.back();
  }
  bool put(json value) {
    slot(std::move(value));
    return true;
  }
  bool open(json value) {
    if (open_.size() == kMaxDepth) {
      fail("json " + path().substr(0, kLongestReason),
           "is nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    open_.push_back(&slot(std::move(value)));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  // Of what is read now.
  std::string path() const {
    std::string result;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      const bool is_inside = i + 1 < open_.size();
      result +=
          "/" + (open_[i]->is_object() ? keys_[i] : std::to_string(open_[i]->size() - is_inside));
    }
    return result.empty() ? "/" : result;
  }

  json& root_;
  std::vector<json*> open_;
  std::vector<std::string> keys_;  // of each open object: the key that is read
};

}  // namespace

json parse_json(std::string_view text) {
  json result;
  Builder builder(result);
  try {
    json::sax_parse(text.begin(), text.end(), &builder);
  } catch (...) {
    take_apart(result);
    throw;
  }
  return result;
}

void take_apart(json& document) noexcept {
  if (!document.is_structured()) return;
  for (json& member : document) take_apart(member);
  document.clear();
}

}  // namespace ember::detail
