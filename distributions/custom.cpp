#include <ember/distributions/custom.hpp>

#include <utility>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/distributions/family.hpp>

namespace ember::distributions {
namespace {

// While a family draws, what it draws from hangs on the key of its own draw, and on nothing else.
class DrawsFrom {
 public:
  explicit DrawsFrom(detail::RandomKey key)
      : kept_(std::exchange(detail::random_state(), {key.key, {}})) {}
  DrawsFrom(const DrawsFrom&) = delete;
  DrawsFrom& operator=(const DrawsFrom&) = delete;
  ~DrawsFrom() { detail::random_state() = std::move(kept_); }

 private:
  detail::RandomState kept_;
};

// A family's own code sees all elements. Where some are hidden, distributions that it uses inside
// must not validate; what is visible is looked at afterwards.
class ValidatesIf {
 public:
  explicit ValidatesIf(bool wanted) : kept_(validation_enabled()) {
    enable_validation(kept_ && wanted);
  }
  ValidatesIf(const ValidatesIf&) = delete;
  ValidatesIf& operator=(const ValidatesIf&) = delete;
  ~ValidatesIf() { enable_validation(kept_); }

 private:
  bool kept_;
};

// What a Family wants to have for as long as it lives; made before it.
struct Declaration {
  explicit Declaration(std::shared_ptr<const Custom> copy) : custom(std::move(copy)) {
    for (const Custom::Parameter& p : custom->parameters()) {
      infos.push_back({p.name.c_str(), p.constraint.kind(), p.constraint.event_dim()});
      values.push_back(p.value);
    }
    info = {custom->name().c_str(), infos, nullptr};
  }

  std::shared_ptr<const Custom> custom;
  std::vector<ParameterInfo> infos;
  std::vector<Tensor> values;
  FamilyInfo info{};
};

class CustomFamily final : private Declaration, public Family {
 public:
  explicit CustomFamily(std::shared_ptr<const Custom> copy)
      : Declaration(std::move(copy)), Family(Declaration::info, values) {}

  const Custom* object() const { return custom.get(); }

  Shape event_shape() const override { return custom->event_shape(); }
  Constraint support() const override { return custom->support(); }
  bool has_rsample() const override { return custom->has_rsample(); }
  Tensor mean() const override { return custom->mean(); }
  Tensor variance() const override { return custom->variance(); }
  Tensor entropy() const override { return custom->entropy(); }
  Tensor cdf(const Tensor& value) const override { return custom->cdf(value); }
  Tensor icdf(const Tensor& probability) const override { return custom->icdf(probability); }
  Tensor enumerate_support() const override { return custom->enumerate_support(); }

  Tensor log_prob(const Tensor& value, const Shape& elements, const Mask& visible) const override {
    if (validation_enabled()) {
      check_parameters(visible, Look::at_all);
      check_visible(support(), value, visible, name(), "value");
    }
    Tensor raw;
    {
      const ValidatesIf scope(visible.is_all());
      raw = custom->log_prob(with_hidden_inside(value, visible));
    }
    if (!broadcasts_to(raw.shape(), elements)) {
      fail(name(),
           "log_prob of a value of shape " + to_string(value.shape()) + " has shape " +
               to_string(raw.shape()),
           "it must broadcast to the elements " + to_string(elements));
    }
    const Tensor full = ember::expand(raw, elements);
    if (validation_enabled()) check_visible(constraints::real, full, visible, name(), "log_prob");
    return where(visible, full, 0);
  }

  Tensor sample(detail::RandomKey key, const Shape& elements, const Mask& visible) const override {
    check(visible);
    Tensor drawn;
    {
      const DrawsFrom draws(key);
      const ValidatesIf scope(visible.is_all());
      drawn = custom->sample(elements);
    }
    const Shape shape = concatenate(elements, event_shape());
    if (!(drawn.shape() == shape)) {
      fail(name(), "sample has shape " + to_string(drawn.shape()),
           "it was asked for a draw of shape " + to_string(shape));
    }
    return with_hidden_inside(has_rsample() ? drawn : detach(drawn), visible);
  }

 private:
  Tensor with_hidden_inside(const Tensor& x, const Mask& visible) const {
    if (visible.is_all()) return x;
    const std::size_t event = event_shape().rank();
    const Mask kept = any_to_shape(visible, x.shape().first(x.shape().rank() - event));
    return where(kept.unsqueeze_right(event), x, point_inside(support(), x.shape()));
  }
};

}  // namespace

Custom::Custom(Copy copy, std::string name, std::vector<Parameter> parameters)
    : copy_(copy), name_(std::move(name)), parameters_(std::move(parameters)) {
  if (name_ == "Transformed" || find_family(name_) != nullptr) {
    fail("Custom", "there is a family '" + name_ + "' already", "give this one another name");
  }
  for (const Parameter& p : parameters_) {
    if (p.constraint.has_lower() || p.constraint.has_upper()) {
      fail(name_, "parameter " + p.name + " has a constraint with bounds",
           "give one without, such as constraints::positive, and check the rest in log_prob");
    }
  }
}

Custom::operator Distribution() const {
  return Distribution(make_family<CustomFamily>(copy_(*this)));
}
Distribution Custom::expand(const Shape& batch_shape) const {
  return Distribution(*this).expand(batch_shape);
}
Distribution Custom::to_event(Index n) const { return Distribution(*this).to_event(n); }
Distribution Custom::mask(const Mask& mask) const { return Distribution(*this).mask(mask); }

Tensor Custom::mean() const { lacks("mean"); }
Tensor Custom::variance() const { lacks("variance"); }
Tensor Custom::entropy() const { lacks("entropy"); }
Tensor Custom::cdf(const Tensor&) const { lacks("cdf"); }
Tensor Custom::icdf(const Tensor&) const { lacks("icdf"); }
Tensor Custom::enumerate_support() const { lacks("enumerate_support"); }
Tensor Custom::kl_to(const Distribution&) const { return {}; }
Tensor Custom::kl_from(const Distribution&) const { return {}; }

const Custom* Custom::object_of(const Distribution& d) {
  const auto* family = dynamic_cast<const CustomFamily*>(&d.family());
  return family == nullptr ? nullptr : family->object();
}

void Custom::lacks(const char* what) const {
  fail(name_, std::string("has no ") + what, std::string("override ") + what);
}
void Custom::wrong_self() const {
  fail(name_, "Custom was not given the object itself",
       "write Custom(this, name, parameters) in the class that is used");
}

}  // namespace ember::distributions
