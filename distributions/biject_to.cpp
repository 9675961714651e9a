#include <ember/distributions/biject_to.hpp>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>

namespace ember {
namespace {

transforms::Transform element(const Constraint& constraint, const char* who) {
  using Kind = Constraint::Kind;
  switch (constraint.kind()) {
    case Kind::real:
    case Kind::any:
      return transforms::identity();
    case Kind::positive:
    case Kind::nonnegative:
      return transforms::exp();
    case Kind::unit_interval:
      return transforms::sigmoid();
    case Kind::greater_than:
    case Kind::greater_than_eq:
      return transforms::compose({transforms::exp(), transforms::affine(constraint.lower(), 1)});
    case Kind::less_than:
      return transforms::compose({transforms::exp(), transforms::affine(constraint.upper(), -1)});
    case Kind::interval:
    case Kind::half_open_interval:
      return transforms::compose(
          {transforms::sigmoid(),
           transforms::affine(constraint.lower(), constraint.upper() - constraint.lower())});
    case Kind::simplex:
      return transforms::stick_breaking();
    case Kind::lower_cholesky:
      return transforms::lower_cholesky();
    case Kind::positive_definite:
      return transforms::positive_definite();
    case Kind::boolean:
    case Kind::integer_interval:
    case Kind::nonnegative_integer:
      break;
  }
  fail(who, "there is no map from real numbers to '" + constraint.name() + "'",
       "discrete values can't be reparameterised");
}

void check_order(const Constraint& constraint, const char* who) {
  using Kind = Constraint::Kind;
  const Kind kind = constraint.kind();
  if (kind != Kind::interval && kind != Kind::half_open_interval) return;
  if (!validation_enabled() || (constraint.lower() < constraint.upper()).is_all()) return;
  fail(who, "a value " + constraint.rule() + ", which is no interval",
       "lower bounds are less than upper ones");
}

}  // namespace

transforms::Transform biject_to(const Constraint& constraint) {
  check_order(constraint, "biject_to");
  return detail::biject_to_support(constraint);
}

transforms::Transform detail::biject_to_support(const Constraint& constraint) {
  return independent(element(constraint, "biject_to"), constraint.reinterpreted());
}

transforms::Transform transform_to(const Constraint& constraint) {
  check_order(constraint, "transform_to");
  const bool is_simplex = constraint.kind() == Constraint::Kind::simplex;
  return independent(is_simplex ? transforms::softmax() : element(constraint, "transform_to"),
                     constraint.reinterpreted());
}

Tensor point_inside(const Constraint& constraint, const Shape& shape) {
  if (constraint.kind() == Constraint::Kind::integer_interval) {
    return expand(constraint.lower(), shape);
  }
  if (constraint.is_discrete()) return zeros(shape);
  const transforms::Transform transform = detail::biject_to_support(constraint);
  return transform(zeros(transform.inverse_shape(shape)));
}

}  // namespace ember
