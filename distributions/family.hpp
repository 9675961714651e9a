// Family: what one family of distributions brings. Everything that can be written once for all
// families is in Distribution and in the drivers.
#pragma once

#include <atomic>
#include <span>

#include <ember/core/inline_vector.hpp>
#include <ember/core/pool.hpp>
#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// A parameter as its family declares it: where it may lie, how many of its last axes belong to
/// one element, and whether it is one of the alternatives, of which exactly one is given. All
/// others are given always. A kind with bounds takes them from parameter_constraint().
struct ParameterInfo {
  const char* name;
  Constraint::Kind kind;
  std::size_t event_dim;
  bool is_alternative = false;
  /// Whether a number that is not allowed makes the log density no finite number, whatever the
  /// others are: then sums need not look at it before.
  bool shows_in_sum = false;
};

/// A family as it is declared, once: its reflected parameters, and how to make it of them.
struct FamilyInfo {
  const char* name;
  std::span<const ParameterInfo> parameters;
  /// Makes the distribution of the tensors in the order of `parameters`; undefined ones are absent
  /// and take their defaults, if they have any.
  Distribution (*make)(std::span<const Tensor> values);
};

/// A parameter of an instance.
struct Parameter {
  const ParameterInfo* info = nullptr;
  Tensor value;
};

/// What a distribution is made of: parameters, densities, draws, moments. One object is shared by
/// all distributions that are copies, expansions or masked forms of one.
class Family {
 public:
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  virtual ~Family() = default;

  const FamilyInfo& info() const { return info_; }
  const char* name() const { return info_.name; }
  /// Those that are given.
  std::span<const Parameter> parameters() const {
    if (!many_.empty()) return many_;
    return {few_.begin(), few_.size()};
  }
  const Shape& batch_shape() const { return form_.elements; }
  /// What a distribution of this family is before anything was done to it.
  const NormalForm& form() const { return form_; }

  virtual Shape event_shape() const { return {}; }
  virtual Constraint support() const = 0;
  virtual bool has_rsample() const { return false; }
  virtual bool is_factor() const { return false; }
  /// Which sites the parameters come from.
  virtual detail::Sources sources() const;

  // `elements` is the shape of the elements asked for (the batch shape broadcasts to it), `visible`
  // a mask of that shape.

  /// The log density of each element: 0 where hidden.
  virtual Tensor log_prob(const Tensor& value, const Shape& elements,
                          const Mask& visible) const = 0;
  virtual Tensor log_prob_sum(const Tensor& value, const Shape& elements,
                              const Mask& visible) const;
  /// A draw of shape elements + event; hidden elements' parameters are not used.
  virtual Tensor sample(detail::RandomKey key, const Shape& elements,
                        const Mask& visible) const = 0;

  /// Errors unless the visible elements' parameters are allowed, where validation is enabled.
  virtual void check(const Mask& visible) const;

  virtual Tensor mean() const;
  virtual Tensor variance() const;
  virtual Tensor entropy() const;
  virtual Tensor cdf(const Tensor& value) const;
  virtual Tensor icdf(const Tensor& probability) const;
  virtual Tensor enumerate_support() const;

 protected:
  /// Keeps the given ones of `values`; errors unless those are all that are no alternatives and
  /// exactly one of the alternatives, and their batch shapes broadcast.
  Family(const FamilyInfo& info, std::span<const Tensor> values)
      : Family(info, values, Batch::of_parameters) {}
  /// Who finds the batch shape: this constructor, or that of the family itself.
  enum class Batch : std::uint8_t { of_parameters, of_family };
  Family(const FamilyInfo& info, std::span<const Tensor> values, Batch batch);

  /// The k-th parameter that is given, of a family that has kFew or fewer.
  const Tensor& parameter(std::size_t k) const { return few_[k].value; }
  /// Which of the alternatives is given: 0 is the first that is declared.
  std::size_t alternative() const { return alternative_; }
  /// Where a given parameter may lie, bounds included.
  virtual Constraint parameter_constraint(const Parameter& p) const { return p.info->kind; }
  /// Which parameters (and values) are looked at: all; all but those that may be any real number,
  /// of which only a NaN is wrong, which makes the density NaN; nor those that show in a sum.
  enum class Look : std::uint8_t { at_all, but_real, but_shown };
  /// Errors unless the visible elements' parameters are allowed.
  void check_parameters(const Mask& visible, Look look) const;
  [[noreturn]] void lacks(const char* what) const;

  void set_batch_shape(const Shape& shape) { form_.elements = shape; }

 private:
  NormalForm form_{this};
  const FamilyInfo& info_;
  static constexpr std::size_t kFew = 6;  // what built-in families have lies in the family itself
  InlineVector<Parameter, kFew> few_;
  detail::PooledVector<Parameter> many_;  // all of them where a user's family has more
  std::size_t alternative_ = 0;
  // All elements were looked at, those of real parameters too; never the other way round.
  mutable std::atomic<bool> is_checked_{false};
};

/// All families, in the order of families.def.
std::span<const FamilyInfo* const> all_families();
/// The family of a name, or null.
const FamilyInfo* find_family(std::string_view name);

/// Makes a family's instance, in memory that is used again.
template <class F, class... Args>
std::shared_ptr<const Family> make_family(Args&&... args) {
  return std::allocate_shared<const F>(detail::PoolAllocator<F>(), std::forward<Args>(args)...);
}

}  // namespace ember::distributions
