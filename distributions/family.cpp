#include <ember/distributions/family.hpp>

#include <string>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/families.hpp>

namespace ember::distributions {
namespace {

constexpr const FamilyInfo* kFamilies[] = {
#define EMBER_FAMILY(Class, stem) &Class::kInfo,
#include <ember/distributions/families.def>
#undef EMBER_FAMILY
};

// What is wrong with the choice of given parameters, if anything is.
void check_given(const FamilyInfo& info, std::span<const Tensor> values) {
  std::size_t count = 0;
  std::string given, absent, needed, alternatives;
  const auto add = [](std::string& list, const char* separator, const std::string& name) {
    list += (list.empty() ? "" : separator) + name;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string name = std::string(".") + info.parameters[i].name;
    const bool is_alternative = info.parameters[i].is_alternative;
    add(is_alternative ? alternatives : needed, ", ", name);
    if (is_alternative && values[i].defined()) {
      add(given, " and ", name);
      ++count;
    } else if (!is_alternative && !values[i].defined()) {
      add(absent, ", ", name);
    }
  }
  if (!absent.empty()) {
    fail(info.name, "the value of " + absent + " is undefined", "give all of " + needed);
  }
  if (!alternatives.empty() && count != 1) {
    fail(info.name, count == 0 ? "no parameterisation was given" : given + " were given",
         "give exactly one of " + alternatives);
  }
}

}  // namespace

std::span<const FamilyInfo* const> all_families() { return kFamilies; }

const FamilyInfo* find_family(std::string_view name) {
  for (const FamilyInfo* info : kFamilies) {
    if (info->name == name) return info;
  }
  return nullptr;
}

// `{}` would write all the room that a Shape has for axes.
Family::Family(const FamilyInfo& info, std::span<const Tensor> values, Batch batch)
    : form_{this, Shape(std::span<const Index>()), 0, Mask(true)}, info_(info) {
  std::size_t alternatives = 0, given = 0;
  bool is_complete = true;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!info.parameters[i].is_alternative) {
      is_complete = is_complete && values[i].defined();
      continue;
    }
    if (values[i].defined()) {
      alternative_ = alternatives;
      ++given;
    }
    ++alternatives;
  }
  if (!is_complete || given != (alternatives > 0 ? 1 : 0)) check_given(info, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].defined()) continue;
    const ParameterInfo& parameter = info.parameters[i];
    const Shape& shape = values[i].shape();
    if (shape.rank() < parameter.event_dim) {
      fail(name(), std::string(parameter.name) + " of shape " + to_string(shape) +
                       " needs at least " + detail::counted(parameter.event_dim, "axis", "axes"));
    }
    if (batch == Batch::of_family ||
        (parameter.event_dim == 0 && (shape.rank() == 0 || shape == batch_shape()))) {
      // it is the batch's already, or nobody asks
    } else if (parameter.event_dim == 0 && batch_shape().rank() == 0) {
      set_batch_shape(shape);
    } else if (shape.rank() > parameter.event_dim) {
      set_batch_shape(
          broadcast_shapes(batch_shape(), shape.first(shape.rank() - parameter.event_dim), name()));
    }
    if (values.size() <= kFew) {
      few_.push_back({&parameter, values[i]});
    } else {
      many_.push_back({&parameter, values[i]});
    }
  }
}

void Family::check(const Mask& visible) const {
  if (validation_enabled()) check_parameters(visible, Look::at_all);
}

void Family::check_parameters(const Mask& visible, Look look) const {
  if (is_checked_.load(std::memory_order_relaxed)) return;
  for (const Parameter& p : parameters()) {
    if (p.info->kind == Constraint::Kind::real && look != Look::at_all) continue;
    if (p.info->shows_in_sum && look == Look::but_shown) continue;
    // the quick answer for nearly all, without a Constraint
    if (!visible.bytes() && Constraint::holds(p.info->kind, p.value, visible)) continue;
    const Constraint constraint = parameter_constraint(p);
    if (constraint.has_lower() && look != Look::at_all) {
      // a bound that is NaN is to be named itself, not what it bounds
      if (!constraint.holds(p.value, visible)) check_parameters(visible, Look::at_all);
      continue;
    }
    const std::size_t extra = p.info->event_dim - constraint.event_dim();
    check_visible(constraint, p.value, visible.unsqueeze_right(extra), name(), p.info->name);
  }
  // Tensors do not change: what was drawn from need not be looked at again for its density.
  if (look == Look::at_all && visible.is_all()) is_checked_.store(true, std::memory_order_relaxed);
}

detail::Sources Family::sources() const {
  detail::Sources all = nullptr;
  for (const Parameter& p : parameters()) all = detail::join(all, detail::sources_of(p.value));
  return all;
}

Tensor Family::log_prob_sum(const Tensor& value, const Shape& elements, const Mask& visible) const {
  return sum(log_prob(value, elements, visible));
}

Tensor Family::mean() const { lacks("mean"); }
Tensor Family::variance() const { lacks("variance"); }
Tensor Family::entropy() const { lacks("entropy"); }
Tensor Family::cdf(const Tensor&) const { lacks("cdf"); }
Tensor Family::icdf(const Tensor&) const { lacks("icdf"); }
Tensor Family::enumerate_support() const { lacks("enumerate_support"); }

void Family::lacks(const char* what) const {
  fail(name(), std::string("has no ") + what + " in closed form");
}

}  // namespace ember::distributions
