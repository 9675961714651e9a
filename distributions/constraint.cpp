#include <ember/distributions/constraint.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

#include <ember/core/error.hpp>
#include <ember/core/mask_bytes.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/matrix_checks.hpp>

namespace ember {
namespace {

thread_local bool validation = true;

constexpr std::string_view kNames[] = {
    "real",         "positive",         "nonnegative",         "unit_interval",
    "greater_than", "simplex",          "lower_cholesky",      "positive_definite",
    "boolean",      "integer_interval", "nonnegative_integer", "any"};

template <class F>
Mask test(const Tensor& x, F f) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(x.numel()));
  for (Real v : x.data()) bytes.push_back(f(v) ? 1 : 0);
  return Mask::from_bytes(x.shape(), std::move(bytes));
}

Mask on_simplex(const Tensor& x) {
  if (x.dim() == 0 || x.shape().from_right(1) == 0) return Mask(false);
  const Index n = x.shape().from_right(1);
  std::vector<std::uint8_t> bytes;
  for (auto row = x.data().begin(); row != x.data().end(); row += n) {
    Real total = 0;
    bool inside = true;
    for (auto v = row; v != row + n; ++v) {
      inside = inside && *v >= 0;
      total += *v;
    }
    bytes.push_back(inside && std::abs(total - 1) < Real(1e-6) * 10 ? 1 : 0);
  }
  return Mask::from_bytes(x.shape().first(x.shape().rank() - 1), std::move(bytes));
}

}  // namespace

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

Mask Constraint::check(const Tensor& x) const {
  switch (kind_) {
    case Kind::real:
      return test(x, [](Real v) { return !std::isnan(v); });
    case Kind::positive:
      return test(x, [](Real v) { return v > 0; });
    case Kind::nonnegative:
      return test(x, [](Real v) { return v >= 0; });
    case Kind::unit_interval:
      return test(x, [](Real v) { return v >= 0 && v <= 1; });
    case Kind::boolean:
      return test(x, [](Real v) { return v == 0 || v == 1; });
    case Kind::nonnegative_integer:
      return test(x, [](Real v) { return v >= 0 && v == std::floor(v); });
    case Kind::greater_than:
      return x > lower_;
    case Kind::integer_interval:
      return (x >= lower_) & (x <= upper_) & test(x, [](Real v) { return v == std::floor(v); });
    case Kind::simplex:
      return on_simplex(x);
    case Kind::lower_cholesky:
      return detail::lower_cholesky_members(x);
    case Kind::positive_definite:
      return detail::positive_definite_members(x);
    case Kind::any:
      break;
  }
  return Mask::filled(x.shape(), true);
}

namespace {

// Whether f holds for all numbers of x that `visible` shows. The mask's shape is that of x, perhaps
// without x's last axes, or it shows everything; otherwise the answer may be no although it is yes.
template <class F>
bool every_visible(const Tensor& x, const Mask& visible, F f) {
  const Real* values = x.data().data();
  const Index n = x.numel();
  const detail::MaskBytes* mask = visible.bytes().get();
  bool all = true;
  if (mask == nullptr) {
    if (visible.is_none()) return true;
    for (Index i = 0; i < n; ++i) all &= f(values[i]);  // no early exit: the loop vectorises
    return all;
  }
  const Shape& shape = visible.shape();
  std::size_t rank = shape.rank();
  while (rank > 0 && shape[rank - 1] == 1) --rank;
  const bool is_prefix = rank <= x.shape().rank() && shape.first(rank) == x.shape().first(rank);
  if (!is_prefix) return every_visible(x, Mask(true), f);
  const Index row = n / mask->size();
  if (row == 1 && !mask->is_sparse()) {
    const std::uint8_t* kept = mask->data();
    for (Index i = 0; i < n; ++i) all &= kept[i] == 0 || f(values[i]);
    return all;
  }
  for (Index i : mask->positions()) {
    for (Index c = 0; c < row; ++c) all &= f(values[i * row + c]);
  }
  return all;
}

}  // namespace

bool Constraint::holds(const Tensor& x, const Mask& visible) const {
  switch (kind_) {
    case Kind::real:
      return every_visible(x, visible, [](Real v) { return v == v; });
    case Kind::positive:
      return every_visible(x, visible, [](Real v) { return v > 0; });
    case Kind::nonnegative:
      return every_visible(x, visible, [](Real v) { return v >= 0; });
    case Kind::unit_interval:
      return every_visible(x, visible, [](Real v) { return v >= 0 && v <= 1; });
    case Kind::boolean:
      return every_visible(x, visible, [](Real v) { return v == 0 || v == 1; });
    case Kind::nonnegative_integer:
      return every_visible(x, visible, [](Real v) { return v >= 0 && v == std::floor(v); });
    case Kind::any:
      return true;
    case Kind::integer_interval: {
      if (lower_.numel() != 1 || upper_.numel() != 1) return false;
      const Real from = lower_.data()[0];
      const Real to = upper_.data()[0];
      return every_visible(x, visible,
                           [=](Real v) { return v >= from && v <= to && v == std::floor(v); });
    }
    case Kind::greater_than:
    case Kind::simplex:
    case Kind::lower_cholesky:
    case Kind::positive_definite:
      break;
  }
  return false;
}

namespace {

std::string bound(const Tensor& x) {
  if (x.numel() != 1) return to_string(x);
  std::ostringstream text;
  text << x.data()[0];
  return text.str();
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

std::string Constraint::name() const {
  return std::string(kNames[static_cast<std::size_t>(kind_)]);
}

std::optional<Constraint::Kind> Constraint::kind_of(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return {};
  return static_cast<Kind>(found - std::begin(kNames));
}

namespace constraints {

Constraint greater_than(const Tensor& lower) { return {Constraint::Kind::greater_than, lower}; }
Constraint integer_interval(const Tensor& lower, const Tensor& upper) {
  return {Constraint::Kind::integer_interval, lower, upper};
}
Constraint independent(const Constraint& base, std::size_t n) { return base.independent(n); }

}  // namespace constraints

void check_visible(const Constraint& constraint, const Tensor& x, const Mask& elements,
                   std::string_view who, std::string_view what) {
  const Mask visible = elements.unsqueeze_right(constraint.reinterpreted());
  if (constraint.holds(x, visible)) return;
  const Mask allowed = constraint.check(x);
  if (allowed.is_all()) return;
  // A tensor that is repeated over the elements is visible where any of its repetitions is.
  const Shape shape = broadcast_shapes(allowed.shape(), visible.shape(), who);
  const Mask bad = any_to_shape(visible.broadcast_to(shape), allowed.shape()) & !allowed;
  if (bad.is_none()) return;
  const std::vector<std::uint8_t> bytes = bad.to_bytes();
  Index first = 0;
  while (bytes[static_cast<std::size_t>(first)] == 0) ++first;
  std::ostringstream text;
  text.precision(17);
  text << what;
  if (bad.shape().rank() > 0) {
    text << '[';
    Index stride = bad.numel();
    Index rest = first;
    for (std::size_t a = 0; a < bad.shape().rank(); ++a) {
      stride /= bad.shape()[a];
      text << (a > 0 ? ", " : "") << rest / stride;
      rest %= stride;
    }
    text << ']';
  }
  if (allowed.shape() == x.shape()) text << " = " << x.data()[static_cast<std::size_t>(first)];
  text << ' ' << constraint.rule() << " (" << what << " has shape " << to_string(x.shape()) << ", "
       << bad.count() << " of its visible elements do not)";
  fail(who, text.str(), "mend it, or mask what is missing");
}

void enable_validation(bool on) { validation = on; }
bool validation_enabled() { return validation; }

}  // namespace ember
