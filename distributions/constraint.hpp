// Constraints: where the values of a distribution or a parameter lie.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

/// A set of allowed values. Copies are cheap. Its last `event_dim` axes make up one value.
class Constraint {
 public:
  enum class Kind : std::uint8_t {
    real,
    positive,
    nonnegative,
    unit_interval,
    greater_than,
    greater_than_eq,
    less_than,
    interval,
    half_open_interval,
    simplex,
    lower_cholesky,
    positive_definite,
    boolean,
    integer_interval,
    nonnegative_integer,
    any,
  };

  Constraint(Kind kind = Kind::real) : kind_(kind) {}  // NOLINT(google-explicit-constructor)
  Constraint(Kind kind, Tensor lower, Tensor upper = {})
      : kind_(kind), lower_(std::move(lower)), upper_(std::move(upper)) {}

  Kind kind() const { return kind_; }
  const Tensor& lower() const { return lower_; }
  const Tensor& upper() const { return upper_; }
  std::size_t event_dim() const;
  bool is_discrete() const;
  /// Whether the kind needs a lower bound, an upper one.
  bool has_lower() const { return has_lower(kind_); }
  bool has_upper() const { return has_upper(kind_); }
  static bool has_lower(Kind kind) {
    return kind == Kind::greater_than || kind == Kind::greater_than_eq || kind == Kind::interval ||
           kind == Kind::half_open_interval || kind == Kind::integer_interval;
  }
  static bool has_upper(Kind kind) {
    return kind == Kind::less_than || kind == Kind::interval || kind == Kind::half_open_interval ||
           kind == Kind::integer_interval;
  }
  /// Whether every real number is allowed.
  bool is_unconstrained() const { return kind_ == Kind::real || kind_ == Kind::any; }

  /// The constraint on blocks of n more axes.
  Constraint independent(std::size_t n) const;
  std::size_t reinterpreted() const { return reinterpreted_; }
  /// Without the last n axes that independent() added.
  Constraint without_independent(std::size_t n) const;

  /// Whether kind, event axes and bounds agree.
  friend bool operator==(const Constraint& a, const Constraint& b);

  /// Where x is allowed, element by element (row by row for a simplex, matrix by matrix); bounds
  /// broadcast with x.
  Mask check(const Tensor& x) const;
  /// Whether x is allowed wherever it is visible. Quick, and takes nothing from the heap; may say
  /// no although check() says yes.
  bool holds(const Tensor& x, const Mask& visible) const;
  /// The same of a kind without bounds; says no of one with bounds.
  static bool holds(Kind kind, const Tensor& x, const Mask& visible);
  /// What is asked, in words: "must be positive".
  std::string rule() const;
  /// The constraint on one element of a shape that the bounds broadcast to.
  Constraint at(Index position, const Shape& shape) const;
  std::string name() const;
  /// The kind of a name, if there is one.
  static std::optional<Kind> kind_of(std::string_view name);
  /// The names of all kinds, in their order.
  static std::span<const std::string> kind_names();

 private:
  friend void check_visible(const Constraint& constraint, const Tensor& x, const Mask& visible,
                            std::string_view who, std::string_view what);
  Mask allowed(const Tensor& x) const;

  Kind kind_;
  std::size_t reinterpreted_ = 0;
  Tensor lower_, upper_;
};

namespace constraints {

inline const Constraint real{Constraint::Kind::real};
inline const Constraint positive{Constraint::Kind::positive};
inline const Constraint nonnegative{Constraint::Kind::nonnegative};
inline const Constraint unit_interval{Constraint::Kind::unit_interval};
inline const Constraint simplex{Constraint::Kind::simplex};
/// Lower triangular with a positive diagonal.
inline const Constraint lower_cholesky{Constraint::Kind::lower_cholesky};
/// Symmetric, too.
inline const Constraint positive_definite{Constraint::Kind::positive_definite};
inline const Constraint boolean{Constraint::Kind::boolean};
inline const Constraint nonnegative_integer{Constraint::Kind::nonnegative_integer};
/// Bounds may be tensors.
Constraint greater_than(const Tensor& lower);
Constraint greater_than_eq(const Tensor& lower);
Constraint less_than(const Tensor& upper);
/// lower <= x <= upper
Constraint interval(const Tensor& lower, const Tensor& upper);
/// lower <= x < upper
Constraint half_open_interval(const Tensor& lower, const Tensor& upper);
/// Whole numbers from lower to upper, both included.
Constraint integer_interval(const Tensor& lower, const Tensor& upper);
/// On blocks of n more axes.
Constraint independent(const Constraint& base, std::size_t n);

}  // namespace constraints

/// Errors unless every visible element is allowed: "WHO: PARAMETER[1, 2] = -3 must be positive".
void check_visible(const Constraint& constraint, const Tensor& x, const Mask& visible,
                   std::string_view who, std::string_view what);

/// Turns validation of this thread's parameters and values on (the default) or off.
void enable_validation(bool on);
bool validation_enabled();

}  // namespace ember
