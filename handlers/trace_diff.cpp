#include <ember/handlers/trace_diff.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

#include <ember/core/index_text.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/text_table.hpp>
#include <ember/distributions/family.hpp>
#include <ember/handlers/plates_by_dim.hpp>
#include <ember/handlers/visible_value.hpp>

namespace ember {
namespace {

std::string exact_number(Real value) {
  return detail::text_of_number(static_cast<double>(value), std::numeric_limits<Real>::digits10);
}

std::string differing(Index count) {
  return detail::counted(count, "element differs", "elements differ");
}

bool same_number(Real x, Real y, double tolerance) {
  if (x == y || (std::isnan(x) && std::isnan(y))) return true;
  const double size = std::max(std::abs(static_cast<double>(x)), std::abs(static_cast<double>(y)));
  return std::isfinite(size) && std::abs(static_cast<double>(x - y)) <= tolerance * size;
}

class Comparison {
 public:
  Comparison(const Site& a, const Site& b, double tolerance, std::vector<TraceDifference>& found)
      : a_(a), b_(b), tolerance_(tolerance), found_(found) {}

  void run() {
    texts("kind", to_string(a_.kind), to_string(b_.kind));
    const bool have_distributions = a_.has_distribution() && b_.has_distribution();
    if (have_distributions) texts("family", a_.distribution.name(), b_.distribution.name());
    // Where shapes differ, so does everything that has them.
    if (have_distributions && shapes_of(a_) != shapes_of(b_)) {
      const std::string first = plates_of(a_), second = plates_of(b_);
      return add("shape", shapes_of(a_), shapes_of(b_),
                 first == second ? "" : "in plates " + first + " and " + second);
    }
    texts("plates", plates_of(a_), plates_of(b_));
    if (!(a_.value.shape() == b_.value.shape())) {
      return add("value", to_string(a_.value.shape()), to_string(b_.value.shape()));
    }
    tensors("value", a_.value, b_.value, [](const Site& site) { return visible_value(site); });
    if (!have_distributions) return;
    masks();
    parameters();
    scales();
    numbers("log density", a_.log_prob_sum().item(), b_.log_prob_sum().item());
  }

 private:
  void add(const std::string& aspect, std::string first, std::string second,
           std::string detail = "") {
    found_.push_back(
        {a_.name.str(), aspect, std::move(first), std::move(second), std::move(detail)});
  }
  void texts(const char* aspect, const std::string& first, const std::string& second) {
    if (first != second) add(aspect, first, second);
  }
  void numbers(const char* aspect, Real first, Real second) {
    if (!same(first, second)) {
      add(aspect, exact_number(first), exact_number(second),
          "by " + exact_number(std::abs(first - second)));
    }
  }
  bool same(Real x, Real y) const { return same_number(x, y, tolerance_); }

  // Whether both sites count these elements and no others.
  bool counts_at(const detail::Places& at) const {
    return a_.mask.bytes() && b_.mask.bytes() && a_.mask == b_.mask &&
           a_.mask.bytes()->positions() == at.at();
  }

  // `visible` gives what of a site's tensor counts.
  template <class F>
  void tensors(const std::string& aspect, const Tensor& first, const Tensor& second, F visible) {
    if (!(first.shape() == second.shape())) {
      return add(aspect, to_string(first.shape()), to_string(second.shape()));
    }
    const detail::Coordinates* first_has = detail::coordinates_of(first);
    const detail::Coordinates* second_has = detail::coordinates_of(second);
    const auto kind = [](const detail::Coordinates* has) {
      return has != nullptr ? detail::counted(has->at->count(), "coordinate") : "all elements";
    };
    const detail::PlacesPtr at = first_has != nullptr    ? first_has->at
                                 : second_has != nullptr ? second_has->at
                                                         : nullptr;
    if (first_has != nullptr && second_has != nullptr && at->at() != second_has->at->at()) {
      return add(aspect, kind(first_has), kind(second_has), "others");
    }
    // a file has nothing but what counts, where the trace could still compute the rest
    const bool both_could = (first_has != nullptr) == (second_has != nullptr) ||
                            (counts_at(*at) && (first_has != nullptr || detail::waits(first)) &&
                             (second_has != nullptr || detail::waits(second)));
    if (!both_could) return add(aspect, kind(first_has), kind(second_has));
    const auto compared = [&](const Tensor& tensor) {
      return at != nullptr ? detail::take(tensor, tensor.shape(), at, 1) : tensor;
    };
    const Tensor x = compared(first);
    const Tensor y = compared(second);
    const auto position_of = [&](std::size_t i) {
      return at != nullptr ? (*at)[static_cast<Index>(i)] : static_cast<Index>(i);
    };
    std::optional<Mask> counts;
    // a NaN where neither site counts the element is nobody's number
    const auto is_hidden = [&](std::size_t i) {
      if (!counts) counts = visible(a_) | visible(b_);
      return counts->bytes() ? !(*counts->bytes())[position_of(i)] : counts->is_none();
    };
    Index count = 0;
    std::size_t worst = 0;
    Real largest = -1;
    for (std::size_t i = 0; i < x.data().size(); ++i) {
      const Real u = x.data()[i];
      const Real v = y.data()[i];
      if (same(u, v) || (std::isnan(u - v) && is_hidden(i))) continue;
      ++count;
      // a difference that is no number is the worst
      const Real size = std::isnan(u - v) ? INFINITY : std::abs(u - v);
      if (size > largest) {
        largest = size;
        worst = i;
      }
    }
    if (count == 0) return;
    const std::string place = detail::index_text(position_of(worst), first.shape());
    const std::string detail = differing(count) + (place.empty() ? "" : ", most at " + place) +
                               ", by " + exact_number(largest);
    add(aspect, exact_number(x.data()[worst]), exact_number(y.data()[worst]), detail);
  }

  static std::string plates_of(const Site& site) {
    std::string text;
    for (const PlateFrame& plate : plates_by_dim(site.plates)) {
      text += (text.empty() ? "" : ", ") + plate.name.str() + " " + std::to_string(plate.size);
      if (plate.subsample_size != plate.size) text += "/" + std::to_string(plate.subsample_size);
    }
    return text;
  }
  static std::string shapes_of(const Site& site) {
    return to_string(site.distribution.batch_shape()) + " " +
           to_string(site.distribution.event_shape());
  }

  void masks() {
    const auto kept = [](const Mask& mask) {
      return std::to_string(mask.count()) + "/" + std::to_string(mask.numel()) + " kept";
    };
    if (a_.mask == b_.mask) return;
    if (!(a_.mask.shape() == b_.mask.shape())) {
      return add("mask", to_string(a_.mask.shape()), to_string(b_.mask.shape()));
    }
    const Index common = (a_.mask & b_.mask).count();
    const Index count = a_.mask.count() + b_.mask.count() - 2 * common;
    add("mask", kept(a_.mask), kept(b_.mask), differing(count));
  }

  void parameters() {
    const auto first = a_.distribution.family().parameters();
    const auto second = b_.distribution.family().parameters();
    if (a_.distribution.name() != b_.distribution.name()) return;
    for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
      const std::string name = first[i].info->name;
      if (name != second[i].info->name) {
        add("parameter", name, second[i].info->name);
        continue;
      }
      tensors("parameter " + name, first[i].value, second[i].value, [&](const Site& site) {
        return visible_part(site.mask.unsqueeze_right(first[i].info->event_dim),
                            first[i].value.shape());
      });
    }
  }

  void scales() {
    if (a_.scale.is_number() && b_.scale.is_number()) {
      numbers("scale", a_.scale.number(), b_.scale.number());
    } else {
      tensors("scale", a_.scale.value(), b_.scale.value(),
              [](const Site& site) { return Mask::filled(site.scale.shape(), true); });
    }
  }

  const Site& a_;
  const Site& b_;
  double tolerance_;
  std::vector<TraceDifference>& found_;
};

}  // namespace

std::vector<TraceDifference> differences(const Trace& first, const Trace& second,
                                         double tolerance) {
  std::vector<TraceDifference> found;
  for (const Site& site : first) {
    const Site* other = second.find(site.name);
    if (other == nullptr) {
      found.push_back({site.name.str(), "site", to_string(site.kind), "absent", ""});
    } else {
      Comparison(site, *other, tolerance, found).run();
    }
  }
  for (const Site& site : second) {
    if (!first.contains(site.name)) {
      found.push_back({site.name.str(), "site", "absent", to_string(site.kind), ""});
    }
  }
  if (found.empty()) return found;  // rounding alone can't be a difference of sums
  const Real x = first.log_prob_sum().item();
  const Real y = second.log_prob_sum().item();
  if (!same_number(x, y, tolerance)) {
    found.push_back(
        {"", "log joint", exact_number(x), exact_number(y), "by " + exact_number(std::abs(x - y))});
  }
  return found;
}

std::string format_table(const std::vector<TraceDifference>& differences, const std::string& first,
                         const std::string& second) {
  if (differences.empty()) return "";
  detail::TextTable table({"site", "differs in", first, second, ""});
  for (const TraceDifference& d : differences) {
    table.add({d.site, d.aspect, d.first, d.second, d.detail});
  }
  return table.text();
}

}  // namespace ember
