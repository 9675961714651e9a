// The table of a trace that people read.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include <ember/core/mask_list.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/text_table.hpp>
#include <ember/core/visible_coordinates.hpp>
#include <ember/distributions/family.hpp>
#include <ember/handlers/plates_by_dim.hpp>
#include <ember/handlers/trace.hpp>
#include <ember/handlers/visible_value.hpp>

namespace ember {
namespace {

using Row = std::vector<std::string>;

std::string number(Real value) { return detail::text_of_number(static_cast<double>(value), 6); }

// The one value, or mean and range of what counts and is finite.
std::string summary(const Tensor& x, const Mask& visible) {
  if (x.numel() == 0) return "empty";
  if (visible.is_none()) return "hidden";
  if (x.numel() == 1) return number(x.data()[0]);
  Real total = 0;
  Real low = INFINITY;
  Real high = -INFINITY;
  Index finite = 0;
  Index counted = 0;
  for_each_visible(x, visible, [&](Index, Real v) {
    ++counted;
    if (!std::isfinite(v)) return;
    total += v;
    low = std::min(low, v);
    high = std::max(high, v);
    ++finite;
  });
  std::string text;
  if (finite > 0) {
    text = "mean " + number(total / static_cast<Real>(finite)) + " in [" + number(low) + ", " +
           number(high) + "]";
  }
  if (finite < counted) {
    text += (text.empty() ? "" : ", ") + std::to_string(counted - finite) + " not finite";
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
  for (const PlateFrame& plate : plates_by_dim(site.plates)) {
    text += (text.empty() ? "" : ", ") + plate.name.str();
  }
  return text;
}

std::string scale_of(const Site& site) {
  if (site.scale.is_number()) return number(site.scale.number());
  const Tensor scale = site.scale.value();
  return number(min(scale).item()) + " to " + number(max(scale).item()) + ", " +
         to_string(scale.shape());
}

Row row_of(const Site& site) {
  Row row{site.name.str(), to_string(site.kind)};
  if (site.has_distribution()) {
    row.insert(row.end(), {site.distribution.name(), plate_names(site),
                           to_string(site.distribution.batch_shape()),
                           to_string(site.distribution.event_shape()), kept(site), scale_of(site),
                           number(site.log_prob_sum().item())});
  } else {
    row.insert(row.end(), {"", plate_names(site), to_string(site.value.shape()), "", "", "", ""});
  }
  row.push_back(summary(site.value, visible_value(site)));
  return row;
}

std::string indented(const std::string& text) {
  std::string result = "  ";
  for (char c : text) {
    result += c;
    if (c == '\n') result += "  ";
  }
  return result;
}

}  // namespace

std::string format_site(const Site& site) {
  std::ostringstream out;
  out << site.name.str() << " (" << to_string(site.kind) << ")\n";
  const auto line = [&](const char* what, const std::string& text) {
    if (!text.empty())
      out << "  " << what << std::string(13 - std::strlen(what), ' ') << text << '\n';
  };
  const auto block = [&](const std::string& what, const Shape& shape, const std::string& text) {
    out << what << ", shape " << to_string(shape) << '\n' << indented(text) << '\n';
  };
  const auto numbers = [&](const std::string& what, const Tensor& x) {
    block(what, x.shape(), to_string(x));
  };
  line("plates", plate_names(site));
  if (site.parents) {
    std::string names;
    for (Name parent : *site.parents) names += (names.empty() ? "" : ", ") + parent.str();
    line("depends on", names.empty() ? "nothing" : names);
  }
  if (site.has_distribution()) {
    line("family", site.distribution.name());
    line("batch shape", to_string(site.distribution.batch_shape()));
    line("event shape", to_string(site.distribution.event_shape()));
    line("kept", kept(site));
    line("scale", scale_of(site));
    line("log density", number(site.log_prob_sum().item()));
  }
  numbers("value", site.value);
  if (!site.has_distribution()) return out.str();
  for (const auto& parameter : site.distribution.family().parameters()) {
    numbers(std::string("parameter ") + parameter.info->name,
            detail::visible_coordinates(parameter.value, parameter.info->event_dim, site.mask));
  }
  if (!site.mask.is_all()) {
    block("mask (1 counts, 0 is hidden)", site.mask.shape(),
          detail::is_list(site.mask) ? to_string(site.mask) : detail::text_of_bits(site.mask));
  }
  if (!site.scale.is_number()) numbers("scale", site.scale.value());
  if (site.log_prob().numel() > 1) numbers("log density", site.log_prob());
  return out.str();
}

std::string Trace::format_table() const {
  detail::TextTable table({"site", "kind", "family", "plates", "batch", "event", "kept", "scale",
                           "log density", "value"});
  for (const Site& site : sites_) table.add(row_of(site));
  return table.text() + "log joint: " + number(log_prob_sum().item()) + '\n';
}

}  // namespace ember
