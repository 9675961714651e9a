// JSON data files: which members become tensors, and what is wrong with a file.
#include <ember/core/read_json.hpp>

#include <cmath>
#include <fstream>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;

namespace {

constexpr const char* kFile = "read_json_test.json";

NamedTensors read(const std::string& text) {
  std::ofstream(kFile, std::ios::binary) << text;
  NamedTensors tensors = read_json(kFile);
  std::remove(kFile);
  return tensors;
}

std::string error_in(const std::string& text) {
  const std::string message = error_of([&] { read(text); });
  std::remove(kFile);
  INFO(message);
  CHECK(has(message, "file 'read_json_test.json': "));
  return message;
}

}  // namespace

TEST_CASE("numbers and nested arrays become tensors; null and NaN are NaN") {
  const NamedTensors t = read(
      R"({"n": 3, "y": [1, null, 2.5], "m": [[1, 2], [3, "NaN"]], "i": ["-Infinity"],
          "none": [], "rows": [[], []], "null": null})");
  CHECK(t["n"].shape() == Shape{});
  CHECK(t["n"].item() == 3);
  CHECK(t["y"].at({0}) == 1);
  CHECK(std::isnan(t["y"].at({1})));
  CHECK(t["m"].shape() == Shape{2, 2});
  CHECK(t["m"].at({1, 0}) == 3);
  CHECK(std::isnan(t["m"].at({1, 1})));
  CHECK(t["i"].item() == -std::numeric_limits<Real>::infinity());
  CHECK(t["none"].shape() == Shape{0});
  CHECK(t["rows"].shape() == Shape{2, 0});
  CHECK(std::isnan(t["null"].item()));
}

TEST_CASE("text and objects are left out; asking for what is not there is an error") {
  const NamedTensors t = read(R"({"a": "text", "b": {"c": 1}, "d": [1], "e": true,
                                    "f": ["x", "y"], "g": [{"h": 1}], "i": "NaN"})");
  CHECK(t.names() == std::vector<std::string>{"d"});
  CHECK(t.contains("d"));
  const std::string text = error_of([&] { t["a"]; });
  CHECK(has(text, "read_json_test.json"));
  CHECK(has(text, "'a'"));
  CHECK(has(text, "it has d"));
}

TEST_CASE("ragged arrays are errors with file and path") {
  CHECK(has(error_in(R"({"a": [[1, 2], [3]]})"), "/a/1: a list of 1"));
  CHECK(has(error_in(R"({"a": [[[1], [2]], [[3], [4, 5]]]})"), "/a/1/1: a list of 2"));
  CHECK(has(error_in(R"({"a": [1, [2]]})"), "/a/1: a list stands where a number"));
  CHECK(has(error_in(R"({"a": [[1], 2]})"), "/a/1: a number stands where a list"));
  CHECK(has(error_in(R"({"a": [[], [1]]})"), "/a/1: a list of 1"));
  CHECK(has(error_in(R"({"a": [1, "x"]})"), "/a/1: expected a number"));
  CHECK(has(error_in(R"({"a": [1, {"b": 2}]})"), "/a/1: expected a number"));
  CHECK(has(error_in(R"({"a": [1, true]})"), "/a/1: expected a number"));
  CHECK(has(error_in(R"({"a": [[[[[[[[[[[[[1]]]]]]]]]]]]]})"), "12"));
}

TEST_CASE("what is no JSON object is an error with line and column") {
  CHECK(has(error_in("{\"a\": [1,\n 2,, 3]}"), "line 2, column 4"));
  CHECK(has(error_in("{\"a\": [1, 2"), "line 1"));
  CHECK(has(error_in(""), "no valid JSON"));
  CHECK(has(error_in("[1, 2]"), "expected a JSON object"));
  CHECK(has(error_of([] { read_json("no_such_file.json"); }), "no_such_file.json"));
}

TEST_CASE("a whole number that Real cannot hold is an error with its path") {
  CHECK(has(error_in(R"({"id": [1, 9007199254740993]})"), "/id/1"));
  CHECK(read(R"({"id": [9007199254740992]})")["id"].item() == Real(9007199254740992));
}
