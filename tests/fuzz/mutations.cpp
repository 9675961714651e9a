#include <nlohmann/json.hpp>

#include <random>
#include <vector>

#include "fuzz.hpp"

namespace fuzz {
namespace {

using nlohmann::json;

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(static_cast<std::uint32_t>(seed)) {}

  std::string mutate(const std::string& text) {
    json document = json::parse(text, nullptr, false);
    if (document.is_discarded() || below(4) == 0) return with_other_bytes(text);
    for (std::size_t n = 1 + below(3); n > 0; --n) change(document);
    return document.dump(-1, ' ', false, json::error_handler_t::replace);
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::string with_other_bytes(std::string text) {
    static const std::vector<std::string> kParts = {
        "\"", ",", "\n",   "-", "1e999", "NaN", "nan", "0", "9223372036854775807",
        "[",  "}", "\xff", ".1"};
    for (std::size_t n = 1 + below(4); n > 0; --n) {
      const std::size_t at = below(text.size() + 1);
      const std::size_t some = below(8) == 0 ? below(200) : below(4);
      switch (below(5)) {
        case 0:
          text.erase(at, some);
          break;
        case 1:
          text.insert(at, kParts[below(kParts.size())]);
          break;
        case 2:
          text.insert(below(text.size() + 1), text.substr(at, some));
          break;
        case 3:
          if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(below(256));
      }
    }
    return text;
  }

  json any_value() {
    static const json kValues = {0,
                                 1,
                                 -1,
                                 2,
                                 3,
                                 12,
                                 13,
                                 0.5,
                                 -0.0,
                                 1e-308,
                                 1e308,
                                 4294967296,
                                 1e18,
                                 "NaN",
                                 "Infinity",
                                 "-Infinity",
                                 "",
                                 "mu",
                                 "real",
                                 true,
                                 false,
                                 nullptr,
                                 json::array(),
                                 json::object(),
                                 16777216,
                                 1099511627776,
                                 9223372036854775807,
                                 18446744073709551615U};
    return kValues[below(kValues.size())];
  }

  static void collect(json& value, std::vector<json*>& found) {
    found.push_back(&value);
    if (!value.is_structured()) return;
    for (json& member : value) collect(member, found);
  }

  void change(json& document) {
    std::vector<json*> all;
    collect(document, all);
    json& value = *all[below(all.size())];
    switch (below(6)) {
      case 0:
        value = any_value();
        break;
      case 1: {
        json other = *all[below(all.size())];
        value = std::move(other);
        break;
      }
      case 2:
        if (value.is_structured() && !value.empty()) {
          auto member = value.begin();
          std::advance(member, below(value.size()));
          value.erase(member);
        }
        break;
      case 3:
        if (value.is_array()) {
          json other = value.empty() ? any_value() : json(value[below(value.size())]);
          value.insert(value.begin() + static_cast<std::ptrdiff_t>(below(value.size() + 1)),
                       std::move(other));
        } else if (value.is_object()) {
          json other = *all[below(all.size())];
          value[below(2) == 0 ? "value" : "mask"] = std::move(other);
        }
        break;
      case 4:
        change_number(*all[below(all.size())]);
        break;
      default:
        if (value.is_array() && value.size() > 1) {
          std::swap(value[below(value.size())], value[below(value.size())]);
        }
    }
  }

  void change_number(json& value) {
    if (value.is_number_integer()) {
      value = value.get<std::int64_t>() % (std::int64_t{1} << 40) +
              static_cast<std::int64_t>(below(5)) - 2;
    } else if (value.is_number_float()) {
      value = -value.get<double>() * static_cast<double>(below(3));
    } else if (value.is_string()) {
      value = with_other_bytes(value.get<std::string>());
    }
  }

  std::mt19937 random_;
};

}  // namespace

std::string mutated(const std::string& text, std::uint64_t seed) {
  return Mutator(seed).mutate(text);
}

}  // namespace fuzz
