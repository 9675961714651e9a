// CSV files: every rule of RFC 4180, missing values, text columns, and what is wrong with a file.
#include <ember/core/read_csv.hpp>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;

namespace {

const std::string kFile =
    (std::filesystem::temp_directory_path() / ("ember" + std::to_string(getpid()) + ".csv"))
        .string();

Table read(const std::string& text, const CsvOptions& options = {}) {
  std::ofstream(kFile, std::ios::binary) << text;
  Table table = read_csv(kFile, options);
  std::filesystem::remove(kFile);
  return table;
}

std::string error_in(const std::string& text, const CsvOptions& options = {}) {
  const std::string message = error_of([&] { read(text, options); });
  std::filesystem::remove(kFile);
  INFO(message);
  CHECK(has(message, ("file '" + kFile + "': ").c_str()));
  return message;
}

std::vector<std::string> words(std::initializer_list<std::string> list) { return list; }

}  // namespace

TEST_CASE("columns come by name, in order, with their numbers") {
  const Table t = read("age,weight\n10,1.5\n-2.5e1, +3 \n");
  CHECK(t.rows() == 2);
  CHECK(t.names() == words({"age", "weight"}));
  CHECK(same_bits(t["age"], tensor({10.0, -25.0})));
  CHECK(same_bits(t["weight"], tensor({1.5, 3.0})));
  CHECK(same_bits(t.matrix({"weight", "age"}), tensor({{1.5, 10.0}, {3.0, -25.0}})));
  CHECK(t.matrix({}).shape() == Shape{2, 0});
  CHECK(t.contains("age"));
  CHECK_FALSE(t.contains("Age"));
  const std::string text = error_of([&] { t["Age"]; });
  CHECK(has(text, kFile.c_str()));
  CHECK(has(text, "'Age'"));
  CHECK(has(text, "age, weight"));
  const Tensor of_temporary = read("y\n7\n")["y"];
  CHECK(of_temporary.item() == 7);
}

TEST_CASE("without a header the columns are numbered, and the first line has data") {
  const Table t = read("1,2\n3,4\n", {.header = false});
  CHECK(t.names() == words({"0", "1"}));
  CHECK(same_bits(t["1"], tensor({2, 4})));
}

TEST_CASE("separators are those of the option") {
  CHECK(same_bits(read("a;b\n1;2\n", {.separator = ';'})["b"], tensor({2})));
  CHECK(same_bits(read("a\tb\n1\t2\n", {.separator = '\t'})["b"], tensor({2})));
  CHECK(has(error_of([] { read("a", {.separator = '"'}); }), "separator"));
}

TEST_CASE(
    "lines end with LF, CRLF or CR, the last one with or without; a byte order mark is skipped") {
  for (const char* text :
       {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4", "a,b\n1,2\n3,4",
        "\xEF\xBB\xBF"
        "a,b\n\n1,2\n\r\n3,4\n\n"}) {
    const Table t = read(text);
    CHECK(t.names() == words({"a", "b"}));
    CHECK(same_bits(t["a"], tensor({1, 3})));
    CHECK(same_bits(t["b"], tensor({2, 4})));
  }
}

TEST_CASE("quoted cells hold separators, line breaks and doubled quotes") {
  const Table t = read(
      "name,\"the \"\"value\"\"\"\r\n\"a,b\",\"1\"\r\n\"two\r\nlines\",2\r\n\"say "
      "\"\"hi\"\"\",3\r\n\"\"\"\",4");
  CHECK(t.names() == words({"name", "the \"value\""}));
  CHECK(t.levels("name") == words({"\"", "a,b", "say \"hi\"", "two\r\nlines"}));
  CHECK(same_bits(t["name"], tensor({1, 3, 2, 0})));
  CHECK(same_bits(t["the \"value\""], tensor({1, 2, 3, 4})));
}

TEST_CASE("missing values are NaN: empty, ?, NA, null, NaN, or those of the option") {
  const Table t = read("x,y\n,1\n?,1\nNA,1\nnull,1\nNaN,1\n\"\",1\n  ,1\n5,\n");
  CHECK(t.rows() == 8);
  for (Index i = 0; i < 7; ++i) CHECK(std::isnan(t["x"].at({i})));
  CHECK(t["x"].at({7}) == 5);
  CHECK(std::isnan(t["y"].at({7})));
  const Table own = read("x\n-1\n3\n", {.missing = {"-1"}});
  CHECK(std::isnan(own["x"].at({0})));
  CHECK(own["x"].at({1}) == 3);
  // A column without any value is one of numbers.
  CHECK(has(error_of([] { read("x\n?\n").levels("x"); }), "'x' has numbers"));
}

TEST_CASE("a column of text becomes codes of its levels, in ascending order") {
  const Table t = read("party,v\nrepublican,y\ndemocrat,?\nrepublican,n\n?,y\n");
  CHECK(t.levels("party") == words({"democrat", "republican"}));
  CHECK(t["party"].at({0}) == 1);
  CHECK(t["party"].at({1}) == 0);
  CHECK(std::isnan(t["party"].at({3})));
  CHECK(same_bits(t["v"].slice(0, 2, 4), tensor({0, 1})));
  const Table zip = read("zip\n0800\n10115\n", {.text = {"zip"}});
  CHECK(zip.levels("zip") == words({"0800", "10115"}));
  CHECK(has(error_of([] { read("a\n1\n").levels("a"); }), "'a' has numbers"));
  CHECK(has(error_of([] { read("a\n1\n").levels("b"); }), "'b'"));
}

TEST_CASE("an empty line of a file with one column is a missing value") {
  const Table t = read("x\n1\n\n3\n");
  REQUIRE(t.rows() == 3);
  CHECK(std::isnan(t["x"].at({1})));
}

TEST_CASE("an empty cell in quotes is a cell, in a header and in a row") {
  const Table t = read("\n\"\"\n\"\"\n3\n");
  CHECK(t.names() == words({""}));
  CHECK(t.rows() == 2);
  CHECK(std::isnan(t[""].at({0})));
}

TEST_CASE("a header without rows gives empty columns") {
  const Table t = read("a,b\n");
  CHECK(t.rows() == 0);
  CHECK(t["b"].shape() == Shape{0});
}

TEST_CASE("errors name file, line and column, with embedded line breaks counted") {
  CHECK(has(error_in("a,b\n\"x\ny\",1\nz,oops\n"), "line 4, column 2 ('b'): 'oops' is no number"));
  CHECK(has(error_in("a,b\n1,2\n3\n"), "line 3, column 2: the row has 1 cell,"));
  CHECK(has(error_in("a,b\n1,2,3\n"), "line 2, column 3: the row has 3 cells"));
  CHECK(has(error_in("a,b\n1,2,\n"), "the row has 3 cells"));
  CHECK(has(error_in("a,b\n1,2,"), "the row has 3 cells"));
  CHECK(has(error_in("a,b\n1,\"open\n2,3\n"), "line 2, column 2: a quote is not closed"));
  CHECK(has(error_in("a,b\n1,\"x\"y\n"), "line 2, column 2: text follows the closing quote"));
  CHECK(has(error_in("a,b\n1,5\"\n"), "line 2, column 2: a quote stands within"));
  CHECK(has(error_in("a,b,a\n1,2,3\n"), "column 3: a second column is called 'a'"));
  CHECK(has(error_in(""), "has no line"));
  CHECK(has(error_in("a\n1\n", {.text = {"b"}}), "'b'"));
  CHECK(has(error_in("a\n1e999\n2\n"), "line 2, column 1 ('a'): '1e999' is no number"));
  CHECK(has(error_of([] { read_csv("no_such_file.csv"); }), "no_such_file.csv"));
}

TEST_CASE("a table that is cut off is an error, or its first rows") {
  const std::string whole = "a,b,c\n1,2.5,\"x, \"\"y\"\"\"\r\n-3,4e2,\"z\nz\"\n5,6,w\n";
  const Table table = read(whole);
  const auto label = [](const Table& t, Index row) {
    return t.levels("c")[static_cast<std::size_t>(t["c"].at({row}))];
  };
  for (std::size_t n = 0; n < whole.size(); ++n) {
    INFO(n);
    try {
      const Table some = read(whole.substr(0, n));
      // The last line may lack its line break, and so be cut: nobody can tell.
      const Index sure = some.rows() - (whole[n - 1] == '\n' ? 0 : 1);
      for (const char* name : {"a", "b"}) {
        if (sure <= 0) continue;
        CHECK(same_bits(some[name].slice(0, 0, sure), table[name].slice(0, 0, sure)));
      }
      for (Index i = 0; i < sure; ++i) CHECK(label(some, i) == label(table, i));
    } catch (const Error& error) {
      CHECK(has(error.what(), kFile.c_str()));
    }
  }
  std::filesystem::remove(kFile);
}

TEST_CASE("numbers keep their sign, zero too") {
  CHECK(same_bits(read("x\n-0\n0\n-0.0\n+0\n")["x"], tensor({-0.0, 0.0, -0.0, 0.0})));
}

TEST_CASE("a whole number that Real cannot hold is an error") {
  const std::string text = error_in("id\n1\n9007199254740993\n");
  CHECK(has(text, "line 3, column 1 ('id')"));
  CHECK(has(text, "9007199254740993"));
}
