// The table of a trace that people read.
#include <algorithm>
#include <cmath>
#include <sstream>

#include <ember/core/operators.hpp>
#include <ember/handlers/trace.hpp>

namespace ember {
namespace {

using Row = std::vector<std::string>;

std::string number(Real value) {
  std::ostringstream text;
  text.precision(6);
  text << value;
  return text.str();
}

// The one value, or mean and range of what is finite.
std::string summary(const Tensor& x) {
  if (x.numel() == 0) return "empty";
  if (x.numel() == 1) return number(x.data()[0]);
  Real total = 0;
  Real low = INFINITY;
  Real high = -INFINITY;
  Index finite = 0;
  for (Real v : x.data()) {
    if (!std::isfinite(v)) continue;
    total += v;
    low = std::min(low, v);
    high = std::max(high, v);
    ++finite;
  }
  std::string text;
  if (finite > 0) {
    text = "mean " + number(total / static_cast<Real>(finite)) + " in [" + number(low) + ", " +
           number(high) + "]";
  }
  if (finite < x.numel()) {
    text += (text.empty() ? "" : ", ") + std::to_string(x.numel() - finite) + " not finite";
  }
  return text;
}

std::string kept(const Site& site) {
  std::string text = std::to_string(site.mask.count()) + "/" + std::to_string(site.mask.numel());
  const Site::Hidden hidden = site.hidden();
  std::string sources;
  const auto add = [&](const char* name, Index count) {
    if (count > 0)
      sources += (sources.empty() ? ": " : ", ") + (name + (" " + std::to_string(count)));
  };
  add("distribution", hidden.distribution);
  add("handlers", hidden.handlers);
  add("obs", hidden.obs);
  return text + sources;
}

std::string plate_names(const Site& site) {
  std::string text;
  for (std::size_t i = site.plates.size(); i > 0; --i) {
    text += (text.empty() ? "" : ", ") + site.plates[i - 1].name.str();
  }
  return text;
}

Row row_of(const Site& site) {
  Row row{site.name.str(), to_string(site.kind)};
  if (site.has_distribution()) {
    row.insert(row.end(), {site.distribution.name(), plate_names(site),
                           to_string(site.distribution.batch_shape()),
                           to_string(site.distribution.event_shape()), kept(site),
                           site.scale.is_number() ? number(site.scale.number())
                                                  : "tensor " + to_string(site.scale.shape()),
                           number(site.log_prob_sum().item())});
  } else {
    row.insert(row.end(), {"", plate_names(site), to_string(site.value.shape()), "", "", "", ""});
  }
  row.push_back(summary(site.value));
  return row;
}

}  // namespace

std::string Trace::format_table() const {
  std::vector<Row> rows{{"site", "kind", "family", "plates", "batch", "event", "kept", "scale",
                         "log density", "value"}};
  for (const Site& site : sites_) rows.push_back(row_of(site));
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::ostringstream out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c + 1 < rows[r].size(); ++c) {
      out << rows[r][c] << std::string(widths[c] - rows[r][c].size() + 2, ' ');
    }
    out << rows[r].back() << '\n';
    if (r > 0) continue;
    std::size_t total = 0;
    for (std::size_t width : widths) total += width + 2;
    out << std::string(total - 2, '-') << '\n';
  }
  out << "log joint: " << number(log_prob_sum().item()) << '\n';
  return out.str();
}

}  // namespace ember
