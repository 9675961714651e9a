// What exactly is in the files of parameters: a claim a test. Those on traces are in
// trace_json_test, those on saves that are cut short in interrupted_save_test.
#include <unistd.h>
#include <ember/ember.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include <ember/core/json.hpp>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
using nlohmann::json;

namespace {

const Real kInfinity = std::numeric_limits<Real>::infinity();

// A file's name, free again at the end.
struct File {
  std::string name =
      (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".params"))
          .string();
  ~File() { std::filesystem::remove(name); }
};

}  // namespace

TEST_CASE("the store keeps the unconstrained value and the constraint with its arguments") {
  begin(1);
  const Tensor u = tensor({-1.5, 0.25});
  const File file;
  param("share", 2 + 3 / (1 + exp(-u)), constraints::interval(2, 5));
  param_store().save(file.name);
  const json saved = json::parse(detail::read_file(file.name))["params"][0];
  CHECK(saved["constraint"]["kind"] == "interval");
  const Tensor unconstrained = tensor_from_json(saved["unconstrained"], "");
  const Tensor value = tensor_from_json(saved["value"], "");
  for (const Index i : {0, 1}) {
    CHECK(unconstrained.at({i}) == Approx(u.at({i})));
    CHECK(value.at({i}) == Approx(2 + 3 / (1 + std::exp(-u.at({i})))));
  }
  param_store().clear();
  param_store().load(file.name);
  CHECK(same_bits(param_store().find("share")->unconstrained, unconstrained));
  CHECK(
      has(error_of([] { param("share", full({2}, 3), constraints::interval(2, 6)); }), "'share'"));
}

TEST_CASE("a store may be loaded before the first param; another shape or constraint is an error") {
  begin(1);
  const File file;
  param("w", tensor({0.1, kInfinity}));
  const Real s = param("s", 0.3, constraints::positive).item();
  param_store().save(file.name);
  param_store().clear();
  check_error([] { param("w"); }, {"'w'"});
  param_store().load(file.name);
  CHECK(param("s", 0.9, constraints::positive).item() == s);
  CHECK(param("w").at({1}) == kInfinity);
  check_error([] { param("w", zeros({3})); }, {"'w'", "(2,)", "(3,)"});
  check_error([] { param("s", 1.0); }, {"'s'", "positive"});
}

TEST_CASE("a damaged store is an error with the path in it, and changes nothing") {
  begin(1);
  const File file;
  param("w", zeros({2}));
  std::ofstream(file.name) << R"({"schema":"ember-params/1","params":[{"name":3}]})";
  check_error([&] { param_store().load(file.name); }, {"/params/0/name"});
  CHECK(param_store().contains("w"));
}
