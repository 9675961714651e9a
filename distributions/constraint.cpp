#include <ember/distributions/constraint.hpp>

#include <algorithm>

#include <ember/core/broadcast.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/operators.hpp>

namespace ember {
namespace {

using Kind = Constraint::Kind;

}  // namespace

std::span<const std::string> Constraint::kind_names() {
  static const std::vector<std::string> names{"real",
                                              "positive",
                                              "nonnegative",
                                              "unit_interval",
                                              "greater_than",
                                              "greater_than_eq",
                                              "less_than",
                                              "interval",
                                              "half_open_interval",
                                              "simplex",
                                              "lower_cholesky",
                                              "positive_definite",
                                              "boolean",
                                              "integer_interval",
                                              "nonnegative_integer",
                                              "any"};
  return names;
}

std::size_t Constraint::event_dim() const {
  const bool is_matrix = kind_ == Kind::lower_cholesky || kind_ == Kind::positive_definite;
  return reinterpreted_ + (is_matrix ? 2U : kind_ == Kind::simplex ? 1U : 0U);
}

bool Constraint::is_discrete() const {
  return kind_ == Kind::boolean || kind_ == Kind::integer_interval ||
         kind_ == Kind::nonnegative_integer;
}

Constraint Constraint::independent(std::size_t n) const {
  Constraint result = *this;
  result.reinterpreted_ += n;
  return result;
}

Constraint Constraint::without_independent(std::size_t n) const {
  Constraint result = *this;
  result.reinterpreted_ -= std::min(n, reinterpreted_);
  return result;
}

bool operator==(const Constraint& a, const Constraint& b) {
  const auto same = [](const Tensor& x, const Tensor& y) {
    if (!x.defined() || !y.defined()) return x.defined() == y.defined();
    return x.shape() == y.shape() && std::ranges::equal(x.data(), y.data());
  };
  return a.kind_ == b.kind_ && a.reinterpreted_ == b.reinterpreted_ && same(a.lower_, b.lower_) &&
         same(a.upper_, b.upper_);
}

Constraint Constraint::at(Index position, const Shape& shape) const {
  const auto pick = [&](const Tensor& bound) {
    if (!bound.defined() || bound.numel() == 1) return bound;
    const detail::BroadcastPlan<1> plan(shape, {&bound.shape()});
    return Tensor(bound.data()[static_cast<std::size_t>(plan.offsets_at(position)[0])]);
  };
  return {kind_, pick(lower_), pick(upper_)};
}

namespace {

std::string bound(const Tensor& x) {
  if (x.numel() != 1) return to_string(x);
  return detail::shortest_text(x.data()[0]);
}

}  // namespace

std::string Constraint::rule() const {
  switch (kind_) {
    case Kind::real:
      return "must not be NaN";
    case Kind::positive:
      return "must be positive";
    case Kind::nonnegative:
      return "must not be negative";
    case Kind::unit_interval:
      return "must lie in [0, 1]";
    case Kind::boolean:
      return "must be 0 or 1";
    case Kind::nonnegative_integer:
      return "must be a whole number, 0 or more";
    case Kind::greater_than:
      return "must be greater than " + bound(lower_);
    case Kind::greater_than_eq:
      return "must be " + bound(lower_) + " or more";
    case Kind::less_than:
      return "must be less than " + bound(upper_);
    case Kind::interval:
      return "must lie in [" + bound(lower_) + ", " + bound(upper_) + "]";
    case Kind::half_open_interval:
      return "must lie in [" + bound(lower_) + ", " + bound(upper_) + ")";
    case Kind::integer_interval:
      return "must be a whole number from " + bound(lower_) + " to " + bound(upper_);
    case Kind::simplex:
      return "must be non-negative and sum to 1 over the last axis";
    case Kind::lower_cholesky:
      return "must be lower triangular with a positive diagonal";
    case Kind::positive_definite:
      return "must be symmetric and positive definite";
    case Kind::any:
      break;
  }
  return "may be anything";
}

std::string Constraint::name() const { return kind_names()[static_cast<std::size_t>(kind_)]; }

std::optional<Constraint::Kind> Constraint::kind_of(std::string_view name) {
  const auto names = kind_names();
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return {};
  return static_cast<Kind>(found - names.begin());
}

namespace constraints {

Constraint greater_than(const Tensor& lower) { return {Constraint::Kind::greater_than, lower}; }
Constraint greater_than_eq(const Tensor& lower) {
  return {Constraint::Kind::greater_than_eq, lower};
}
Constraint less_than(const Tensor& upper) { return {Constraint::Kind::less_than, {}, upper}; }
Constraint interval(const Tensor& lower, const Tensor& upper) {
  return {Constraint::Kind::interval, lower, upper};
}
Constraint half_open_interval(const Tensor& lower, const Tensor& upper) {
  return {Constraint::Kind::half_open_interval, lower, upper};
}
Constraint integer_interval(const Tensor& lower, const Tensor& upper) {
  return {Constraint::Kind::integer_interval, lower, upper};
}
Constraint independent(const Constraint& base, std::size_t n) { return base.independent(n); }

}  // namespace constraints

}  // namespace ember
