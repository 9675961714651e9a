// From unconstrained numbers to a constraint.
#pragma once

#include <ember/distributions/transform.hpp>

namespace ember {

/// The bijection from real numbers to a constraint: exp for positive ones, lower + exp and
/// upper - exp beyond a bound, lower + (upper - lower) sigmoid in an interval, stick breaking for a
/// simplex, .. A discrete constraint is an error, and so are bounds of an interval that are not in
/// order, where validation is on.
transforms::Transform biject_to(const Constraint& constraint);

/// As biject_to, but only onto: a simplex by softmax. Parameters are stored through it.
transforms::Transform transform_to(const Constraint& constraint);

namespace detail {
/// biject_to of a distribution's support. What bounds it has at hidden elements, nobody asks.
transforms::Transform biject_to_support(const Constraint& support);
}  // namespace detail

/// A fixed value inside of a constraint, of this shape: what stands for a value that nobody sees.
Tensor point_inside(const Constraint& constraint, const Shape& shape);

}  // namespace ember
