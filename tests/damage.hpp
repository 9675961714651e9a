// Ten ways in which a JSON file can be damaged, each at a random place.
#pragma once

#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

enum class Damage { truncated, type, shape, huge, nested, twice, bytes, nan, missing, unknown };

/// Damages a JSON document such that no reader may take it.
class Damager {
 public:
  explicit Damager(unsigned seed) : random_(seed) {}

  std::string damaged(const nlohmann::json& good, Damage kind) {
    const std::string text = good.dump();
    switch (kind) {
      case Damage::truncated:
        return text.substr(0, below(text.size()));
      case Damage::type:
        return with(good, places(good, is_leaf), R"({"x":1})");
      case Damage::shape:
        return with(good, sizes(good), any({"-1", "77", "1.5", "null", "[2]"}));
      case Damage::huge:
        if (below(2) == 0) {
          return with(good, sizes(good), any({"9223372036854775808", "1000000000000", "1e308"}));
        }
        return with(good, places(good, is_number),
                    any({"1e999", "-1e999", "1e-999", "18446744073709551617"}));
      case Damage::nested: {
        const std::size_t depth = 201 + below(100000);
        const std::string close = below(2) == 0 ? std::string(depth, ']') : "";
        return with(good, places(good, is_leaf), std::string(depth, '[') + close);
      }
      case Damage::twice:
        return with_key(good, "");
      case Damage::bytes:
        return with(good, places(good, is_leaf),
                    "\"" + any({"\xff", "\xc3(", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) + "\"");
      case Damage::nan:
        return with(good, places(good, is_number),
                    any({"nan", "NaN", "\"nan\"", "\"Inf\"", "Infinity", "\"-inf\"", "\"NAN\""}));
      case Damage::missing:
        return without_key(good);
      case Damage::unknown:
        if (below(4) > 0) return with_key(good, "misspelt");
        return with(good, {nlohmann::json::json_pointer("/schema")},
                    any({"\"ember-trace/9\"", "\"\"", "1", "null", "\"EMBER-PARAMS/1\""}));
    }
    return "";
  }

 private:
  using json = nlohmann::json;
  using Pointer = json::json_pointer;

  static bool is_leaf(const json& value) { return value.is_primitive(); }
  static bool is_number(const json& value) { return value.is_number(); }
  static bool is_object(const json& value) { return value.is_object() && !value.empty(); }

  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  std::string any(std::vector<std::string> texts) { return texts[below(texts.size())]; }

  static void collect(const json& value, const Pointer& at, bool (*wanted)(const json&),
                      std::vector<Pointer>& found) {
    if (wanted(value)) found.push_back(at);
    if (value.is_object()) {
      for (const auto& item : value.items()) collect(item.value(), at / item.key(), wanted, found);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i) collect(value[i], at / i, wanted, found);
    }
  }
  static std::vector<Pointer> places(const json& good, bool (*wanted)(const json&)) {
    std::vector<Pointer> found;
    collect(good, Pointer(), wanted, found);
    return found;
  }
  static std::vector<Pointer> sizes(const json& good) {
    std::vector<Pointer> found;
    for (const Pointer& at : places(good, is_number)) {
      const Pointer parent = at.parent_pointer();
      if (!parent.empty() && parent.back() == "shape") found.push_back(at);
    }
    return found;
  }

  std::string with(json content, const std::vector<Pointer>& at, const std::string& text) {
    content[at[below(at.size())]] = "@@";
    std::string result = content.dump();
    return result.replace(result.find("\"@@\""), 4, text);
  }
  // An object with one more member: the name of another one, or this.
  std::string with_key(json content, std::string name) {
    const auto objects = places(content, is_object);
    json& object = content[objects[below(objects.size())]];
    auto member = object.begin();
    std::advance(member, below(object.size()));
    if (name.empty()) name = member.key();
    object["@@"] = {{"x", 1}};
    std::string result = content.dump();
    return result.replace(result.find("\"@@\""), 4, json(name).dump());
  }
  std::string without_key(json content) {
    static const std::vector<std::string> kRequired{
        "schema",     "real",        "plates",         "sites",  "log_prob_sum", "name",
        "kind",       "is_observed", "shape",          "data",   "distribution", "elements",
        "dim",        "size",        "subsample_size", "family", "params",       "unconstrained",
        "constraint", "optimizer",   "baselines",      "random", "seed",         "counts",
        "steps",      "first",       "second",         "losses", "seconds",      "converged",
        "window",     "kept",        "total",          "infer",  "scale",        "event_axes",
        "indices",    "mask"};
    std::vector<std::pair<Pointer, std::string>> found;
    for (const Pointer& at : places(content, is_object)) {
      const bool is_table = !at.empty() && (at.back() == "counts" || at.back() == "baselines");
      for (const std::string& key : kRequired) {
        if (!is_table && content[at].contains(key)) found.emplace_back(at, key);
      }
    }
    const auto& [at, key] = found[below(found.size())];
    content[at].erase(key);
    return content.dump();
  }

  std::mt19937 random_;
};
