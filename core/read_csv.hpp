// Data files: the columns of a CSV file as tensors.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ember/core/named_tensors.hpp>

namespace ember {

/// How a file of comma-separated values is read.
struct CsvOptions {
  bool header = true;    // the first line names the columns; without it they are "0", "1", ..
  char separator = ',';  // or '\t', ';', ..
  std::vector<std::string> missing = {"", "?", "NA", "null", "NaN"};  // cells that become NaN
  std::vector<std::string> text = {};  // columns that are text even where all cells are numbers
};

/// A table: one vector a column, of equal lengths.
///
///     const Table votes = read_csv("votes.csv");
///     const Tensor y = votes.matrix({"bill_1", "bill_2"});   // (rows, 2)
///     votes.levels("party")                                  // {"democrat", "republican"}
class Table : public NamedTensors {
 public:
  using NamedTensors::NamedTensors;

  Index rows() const { return rows_; }
  /// The texts of a column whose numbers are codes: code k is the k-th text, in ascending order. An
  /// error where the column has numbers.
  const std::vector<std::string>& levels(std::string_view name) const;
  /// Columns side by side: (rows, number of names).
  Tensor matrix(const std::vector<std::string>& columns) const;

 private:
  friend Table read_csv(const std::string& file, const CsvOptions& options);

  Index rows_ = 0;
  std::map<std::string, std::vector<std::string>, std::less<>> levels_;
};

/// Reads a CSV file as RFC 4180 has it: cells may stand in quotes, which hide separators, line
/// breaks and doubled quotes. Lines end with LF, CRLF or CR, the last one perhaps with nothing; a
/// byte order mark and empty lines are passed over (in a file of one column an empty line is an
/// empty cell). Spaces around a number do not count. A column without any number is text, and
/// becomes the codes 0, 1, .. of its levels. Errors name file, line and column: a row of another
/// length, a quote that is not closed or does not belong there, text in a column of numbers.
Table read_csv(const std::string& file, const CsvOptions& options = {});

}  // namespace ember
