// summary: what draws say of each number of each site.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include <ember/handlers/trace.hpp>
#include <ember/handlers/values.hpp>

namespace ember::inference {

/// What a summary shows.
struct SummaryOptions {
  std::vector<double> quantiles = {0.05, 0.5, 0.95};
  std::vector<std::string> sites = {};  // these alone, in this order; without any: all
};

/// One number of a site over all draws.
struct SummaryRow {
  std::string name;  // "mu", "theta[3]", "w[0, 2]": indices from 0
  Real mean = 0;
  Real sd = 0;  // with n - 1; NaN of one draw
  std::vector<Real> quantiles;
};

/// A site some of whose elements have no row: what draws have there is no estimate.
struct LeftOut {
  std::string site;
  Index count = 0, total = 0;
};

/// Printed as a table: a site's numbers have the decimals that show three digits of its largest
/// standard deviation and two of its smallest one.
class Summary {
 public:
  Summary(std::vector<double> quantiles, std::vector<SummaryRow> rows,
          std::vector<LeftOut> left_out = {})
      : quantiles_(std::move(quantiles)), rows_(std::move(rows)), left_out_(std::move(left_out)) {}

  const std::vector<SummaryRow>& rows() const { return rows_; }
  const std::vector<LeftOut>& left_out() const { return left_out_; }
  /// The row of a name; an error where there is none.
  const SummaryRow& operator[](const std::string& name) const;
  std::string table() const;
  friend std::ostream& operator<<(std::ostream& out, const Summary& summary);

 private:
  std::vector<double> quantiles_;
  std::vector<SummaryRow> rows_;
  std::vector<LeftOut> left_out_;
};

/// Mean, standard deviation and quantiles (linear between order statistics) over the first axis of
/// each site's draws. Elements that are NaN in every draw are left out.
Summary summary(const Values& draws, const SummaryOptions& options = {});
/// The same in the order of a trace of the model, without what its masks hide: see `estimated`.
Summary summary(const Values& draws, const Trace& trace, const SummaryOptions& options = {});

}  // namespace ember::inference
