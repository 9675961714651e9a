// Ten ways in which a JSON file, a table or an array can be damaged, each at a random place.
#pragma once

#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

enum class Damage { truncated, type, shape, huge, nested, twice, bytes, nan, missing, unknown };
constexpr int kDamages = 10;

/// Random choices.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

 protected:
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }
  std::string any(std::vector<std::string> texts) { return texts[below(texts.size())]; }

 private:
  std::mt19937 random_;
};

/// Damages a JSON document such that no reader may take it.
class Damager : private Chance {
 public:
  using Chance::Chance;

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
};

/// A damaged text, and what its error says among others.
struct Damaged {
  std::string text;
  std::string reason;
};

/// Damages a table of three columns and six rows of numbers.
class TableDamager : private Chance {
 public:
  using Chance::Chance;

  Damaged damaged(Damage kind) {
    cells_.assign(7, {"1.5", "2", "-3e2"});
    cells_[0] = {"a", "b", "c"};
    row_ = 1 + below(6);
    column_ = below(3);
    const std::string line = "line " + std::to_string(row_ + 1);
    const std::string place = line + ", column " + std::to_string(column_ + 1);
    switch (kind) {
      case Damage::truncated:
        if (below(2) == 0) return {with("\"1.5"), "line "};
        cells_.resize(row_);  // a row that ends in its first or second cell
        return {text() + std::string("1.5,2").substr(0, 1 + below(5)), "line"};
      case Damage::type:
        return {with(any({"abc", "1.5x", "true", "2024-01-01", "1 2", "\"1\"\"\"", "0x10"})),
                place};
      case Damage::shape:
        if (below(2) == 0) return {with(any({"1,5", "1,2,3,4", ",", "\"1\",\"2\""})), line};
        cells_[row_].pop_back();
        return {text(), line + ", column 3"};
      case Damage::huge:
        return {with(any({"1e999", "-1e999", "1e-999", "9223372036854775809", "9007199254740993"})),
                place};
      case Damage::nested:
        return {with(std::string(1 + below(100000), any({"[", "(", "{"})[0])), place};
      case Damage::twice:
        cells_[0][column_] = cells_[0][(column_ + 1) % 3];
        return {text(), "a second column"};
      case Damage::bytes:
        return {
            with(any({"\xff", "\xc3(", "\xed\xa0\x80", "\xf5\x80\x80\x80", std::string(1, '\0')})),
            "byte "};
      case Damage::nan:
        return {with(any({"NaNN", "#NUM!", "+-nan", "1.#INF", "N aN", "--inf", "nan(", "infinit"})),
                place};
      case Damage::missing:
        cells_[0].erase(cells_[0].begin() + static_cast<std::ptrdiff_t>(column_));
        return {text(), "line 2, column 3"};
      case Damage::unknown:  // another encoding: UTF-16
        return {below(2) == 0 ? "\xff\xfe" + in_pairs(false) : in_pairs(true), "byte 0"};
    }
    return {};
  }

 private:
  std::string text() const {
    std::string all;
    for (const auto& row : cells_) {
      for (const auto& cell : row) all += cell + (&cell == &row.back() ? "\n" : ",");
    }
    return all;
  }
  std::string with(const std::string& cell) {
    cells_[row_][column_] = cell;
    return text();
  }
  std::string in_pairs(bool zero_first) const {
    std::string pairs;
    for (char c : text()) pairs += zero_first ? std::string{'\0', c} : std::string{c, '\0'};
    return pairs;
  }

  std::vector<std::vector<std::string>> cells_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

/// Damages a .npy file of the numbers 1 .. 6 in shape (2, 3).
class ArrayDamager : private Chance {
 public:
  using Chance::Chance;

  Damaged damaged(Damage kind) {
    entries_ = {"'descr': '<f8'", "'fortran_order': False", "'shape': (2, 3)"};
    const std::size_t one = below(3);
    switch (kind) {
      case Damage::truncated:
        if (below(4) == 0) return {text() + std::string(1 + below(100), 'x'), "at byte"};
        return {text().substr(0, below(text().size())), "at byte"};
      case Damage::type:
        if (below(2) == 0) return with(0, "descr", {"5", "[('a', '<f8')]", "<f8", "", "{}"});
        entries_[0] =
            "'descr': '" + any({"!f8", "<c16", "<U2", "|O", "f8", "<f16", "", "<f8 "}) + "'";
        return {text(), "are not read"};
      case Damage::shape:
        return with(2, "shape",
                    {"(2, 4)", "(7,)", "()", "(3,)", "(0,)", "(2, 3, 2)", "(2, -3)", "(2, 3",
                     "2, 3", "(2 3)", "(2.0, 3)", "(x,)", "(,)", "6"});
      case Damage::huge:
        if (below(2) == 0) {
          return with(2, "shape",
                      {"(1000000000000,)", "(9223372036854775808,)", "(6, 99999999999999999999)"});
        }
        entries_[2] =
            "'shape': (" + any({"2000000000, 2000000000, 2000000000)", "9223372036854775807,)"});
        return {text(), "memory"};
      case Damage::nested: {
        const std::string open(1 + below(50000), any({"(", "[", "{"})[0]);
        return with(2, "shape", {open + "2, 3)", open});
      }
      case Damage::twice:
        entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(below(4)), entries_[one]);
        return {text(), "stands there twice"};
      case Damage::bytes: {
        const std::string good = dictionary();
        std::string bad = good;
        bad[below(good.size())] = any({"\xff", "\xc3", "\x80", std::string(1, '\0')})[0];
        return {file(bad, 1), ""};
      }
      case Damage::nan:  // a header has no NaN: what it has instead is a truth value
        return with(1, "fortran_order", {"false", "Fals", "None", "0", "'False'", "nan", ""});
      case Damage::missing:
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(one));
        return {text(), "the header lacks"};
      case Damage::unknown:
        if (below(2) == 0) return {file(dictionary(), any({"\0", "\4", "\xff"})[0]), "version"};
        entries_.push_back(any({"'flavour': 1", "'Shape': (2, 3)", "'': ''"}));
        return {text(), "is no entry"};
    }
    return {};
  }

 private:
  std::string dictionary() const {
    std::string all = "{";
    for (const std::string& entry : entries_) all += entry + ", ";
    return all + "}";
  }
  static std::string file(const std::string& dictionary, char version) {
    const std::string header = dictionary + "\n";
    std::string all = "\x93NUMPY";
    all += {version, '\0', static_cast<char>(header.size() & 0xFFU),
            static_cast<char>(header.size() >> 8U)};
    all += header;
    for (double x : {1., 2., 3., 4., 5., 6.})
      all.append(reinterpret_cast<const char*>(&x), sizeof x);
    return all;
  }
  std::string text() const { return file(dictionary(), 1); }
  Damaged with(std::size_t entry, const std::string& key, std::vector<std::string> values) {
    entries_[entry] = "'" + key + "': " + any(std::move(values));
    return {text(), "at byte"};
  }

  std::vector<std::string> entries_;
};
