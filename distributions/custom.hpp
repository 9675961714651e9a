// Custom: the base of a family of one's own.
#pragma once

#include <concepts>
#include <string>
#include <typeinfo>
#include <vector>

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// A user's family: a class that derives from Custom, gives its name and parameters to Custom's
/// constructor, and overrides `sample`, `log_prob` and `support`, written with tensor operators for
/// all elements at once, so that gradients come for nothing.
///
/// It converts to a Distribution, and from there on it is one like all others: masks, expand,
/// to_event, plates, traces and inference know no difference. What a mask hides reaches the
/// overrides as some value of the support, and what they make of it is left out by selection: it
/// has density 0 and gradient 0 even where a hidden parameter is NaN.
class Custom {
 public:
  /// A parameter as traces and files show it, and where it must lie. The last event_dim() axes of
  /// its constraint belong to one element; the others are the batch.
  struct Parameter {
    std::string name;
    Tensor value;
    Constraint constraint = constraints::real;
  };

  virtual ~Custom() = default;

  /// A draw of shape `shape` + event; the batch shape broadcasts to `shape`. What it draws from
  /// other distributions hangs on the seed and the site like any draw.
  virtual Tensor sample(const Shape& shape) const = 0;
  /// log p(value) of each element, where the value lies in the support.
  virtual Tensor log_prob(const Tensor& value) const = 0;
  virtual Constraint support() const = 0;

  virtual Shape event_shape() const { return {}; }
  /// Whether `sample` is differentiable in the parameters. If not, draws are constants.
  virtual bool has_rsample() const { return false; }
  virtual Tensor mean() const;
  virtual Tensor variance() const;
  virtual Tensor entropy() const;
  virtual Tensor cdf(const Tensor& value) const;
  virtual Tensor icdf(const Tensor& probability) const;
  virtual Tensor enumerate_support() const;
  /// KL(this || q) and KL(p || this) of each element, where there is a closed form: an undefined
  /// tensor (the default) says that there is none for this other family. The first is asked first.
  virtual Tensor kl_to(const Distribution& q) const;
  virtual Tensor kl_from(const Distribution& p) const;
  /// The Self that a distribution was made of, or null: how kl_to recognises the other side.
  template <class Self>
  static const Self* of(const Distribution& d) {
    return dynamic_cast<const Self*>(object_of(d));
  }

  operator Distribution() const;  // NOLINT(google-explicit-constructor)
  Distribution expand(const Shape& batch_shape) const;
  Distribution to_event(Index n) const;
  Distribution mask(const Mask& mask) const;

  const std::string& name() const { return name_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }

 protected:
  /// `self` is `this` of the class that derives: Custom keeps copies of it.
  template <class Self>
  Custom(const Self* self, std::string name, std::vector<Parameter> parameters)
      : Custom(&copy_of<Self>, std::move(name), std::move(parameters)) {
    static_assert(std::derived_from<Self, Custom>);
    static_cast<void>(self);
  }
  Custom(const Custom&) = default;
  Custom(Custom&&) = default;
  Custom& operator=(const Custom&) = default;
  Custom& operator=(Custom&&) = default;

 private:
  using Copy = std::shared_ptr<const Custom> (*)(const Custom&);

  Custom(Copy copy, std::string name, std::vector<Parameter> parameters);

  template <class Self>
  static std::shared_ptr<const Custom> copy_of(const Custom& custom) {
    if (typeid(custom) != typeid(Self)) custom.wrong_self();
    return std::make_shared<const Self>(static_cast<const Self&>(custom));
  }
  static const Custom* object_of(const Distribution& d);
  [[noreturn]] void wrong_self() const;
  [[noreturn]] void lacks(const char* what) const;

  Copy copy_;
  std::string name_;
  std::vector<Parameter> parameters_;
};

}  // namespace ember::distributions
