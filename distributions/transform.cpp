#include <ember/distributions/transform.hpp>

#include <algorithm>
#include <atomic>
#include <limits>
#include <typeinfo>

#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>
#include <ember/distributions/sum_last.hpp>

namespace ember::transforms {
namespace {

using ember::detail::sum_last;

class Inverse final : public Rule {
 public:
  explicit Inverse(Transform base) : base_(std::move(base)) {}
  const char* name() const override { return "Inverse"; }
  Tensor forward(const Tensor& x) const override { return base_.inv(x); }
  Tensor inverse(const Tensor& y) const override { return base_(y); }
  Tensor log_det(const Tensor& x, const Tensor& y) const override {
    return -base_.log_abs_det_jacobian(y, x);
  }
  std::size_t domain_event_dim() const override { return base_.codomain_event_dim(); }
  std::size_t codomain_event_dim() const override { return base_.domain_event_dim(); }
  Shape forward_shape(const Shape& shape) const override { return base_.inverse_shape(shape); }
  Shape inverse_shape(const Shape& shape) const override { return base_.forward_shape(shape); }
  Constraint codomain(const Constraint&) const override { return Constraint::Kind::any; }
  int sign() const override { return base_.sign(); }
  void check(const Mask& visible, std::size_t event) const override {
    base_.rule().check(visible, event + base_.domain_event_dim() - base_.codomain_event_dim());
  }
  std::vector<Transform> parts() const override { return {base_}; }

 private:
  Transform base_;
};

class Independent final : public Rule {
 public:
  Independent(Transform base, std::size_t n) : base_(std::move(base)), n_(n) {}
  const char* name() const override { return "Independent"; }
  Tensor forward(const Tensor& x) const override { return base_(x); }
  Tensor inverse(const Tensor& y) const override { return base_.inv(y); }
  Tensor log_det(const Tensor& x, const Tensor& y) const override {
    return sum_last(base_.log_abs_det_jacobian(x, y), n_);
  }
  std::size_t domain_event_dim() const override { return base_.domain_event_dim() + n_; }
  std::size_t codomain_event_dim() const override { return base_.codomain_event_dim() + n_; }
  Shape forward_shape(const Shape& shape) const override { return base_.forward_shape(shape); }
  Shape inverse_shape(const Shape& shape) const override { return base_.inverse_shape(shape); }
  Constraint codomain(const Constraint& domain) const override {
    return base_.codomain(domain).independent(n_);
  }
  void check(const Mask& visible, std::size_t event) const override {
    base_.rule().check(visible, event);
  }
  std::vector<std::pair<const char*, Tensor>> numbers() const override { return {{"n", n_}}; }
  std::vector<Transform> parts() const override { return {base_}; }

 private:
  Transform base_;
  std::size_t n_;
};

class Compose final : public Rule {
 public:
  explicit Compose(std::vector<Transform> parts) : parts_(std::move(parts)) {
    // The event of the whole, seen at its beginning and carried through the parts (as torch's
    // ComposeTransform reckons it).
    std::size_t event = parts_.back().codomain_event_dim();
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      event = std::max(event + part->domain_event_dim() - part->codomain_event_dim(),
                       part->domain_event_dim());
    }
    domain_event_dim_ = event;
    for (const Transform& part : parts_) {
      event = event + part.codomain_event_dim() - part.domain_event_dim();
    }
    codomain_event_dim_ = event;
  }
  const char* name() const override { return "Compose"; }
  Tensor forward(const Tensor& x) const override {
    Tensor y = x;
    for (const Transform& part : parts_) y = part(y);
    return y;
  }
  Tensor inverse(const Tensor& y) const override {
    Tensor x = y;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) x = part->inv(x);
    return x;
  }
  Tensor log_det(const Tensor& x, const Tensor&) const override {
    Tensor total;
    Tensor from = x;
    std::size_t event = domain_event_dim_;
    for (const Transform& part : parts_) {
      const Tensor to = part(from);
      const Tensor own =
          sum_last(part.log_abs_det_jacobian(from, to), event - part.domain_event_dim());
      total = total.defined() ? total + own : own;
      event = event + part.codomain_event_dim() - part.domain_event_dim();
      from = to;
    }
    return total;
  }
  std::size_t domain_event_dim() const override { return domain_event_dim_; }
  std::size_t codomain_event_dim() const override { return codomain_event_dim_; }
  Shape forward_shape(const Shape& shape) const override {
    Shape result = shape;
    for (const Transform& part : parts_) result = part.forward_shape(result);
    return result;
  }
  Shape inverse_shape(const Shape& shape) const override {
    Shape result = shape;
    for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
      result = part->inverse_shape(result);
    }
    return result;
  }
  Constraint codomain(const Constraint& domain) const override {
    Constraint result = domain;
    for (const Transform& part : parts_) result = part.codomain(result);
    return result;
  }
  int sign() const override {
    int sign = 1;
    for (const Transform& part : parts_) sign *= part.sign();
    return sign;
  }
  void check(const Mask& visible, std::size_t event) const override {
    for (const Transform& part : parts_) {
      part.rule().check(visible, event);
      event = event + part.codomain_event_dim() - part.domain_event_dim();
    }
  }
  std::vector<Transform> parts() const override { return parts_; }

 private:
  std::vector<Transform> parts_;
  std::size_t domain_event_dim_, codomain_event_dim_;
};

}  // namespace

Rule::Rule() {
  static std::atomic<std::uint64_t> counter{0};
  id_ = counter.fetch_add(1, std::memory_order_relaxed);
}
void Rule::check(const Mask&, std::size_t) const {}

Transform::Transform() : Transform(identity()) {}

Tensor Transform::operator()(const Tensor& x) const {
  const Tensor y = rule_->forward(x);
  // Only slots of the running tape remember where they came from: they live as long as each other.
  ember::detail::Node& to = y.node();
  const ember::detail::Node& from = x.node();
  if (to.owner == ember::detail::Owner::tape && from.owner == ember::detail::Owner::tape &&
      to.position > from.position) {
    to.origin = &from;
    auto* id = ember::detail::Tape::current().allocate_auxiliary<std::uint64_t>(1);
    *id = rule_->id();
    to.origin_transform = id;
  }
  return y;
}

Tensor Transform::inv(const Tensor& y) const {
  const ember::detail::Node& node = y.node();
  if (node.origin != nullptr &&
      *static_cast<const std::uint64_t*>(node.origin_transform) == rule_->id()) {
    return Tensor(const_cast<ember::detail::Node*>(node.origin));
  }
  return rule_->inverse(y);
}

Transform Transform::inv() const { return Transform(std::make_shared<Inverse>(*this)); }

Tensor Transform::log_abs_det_jacobian(const Tensor& x, const Tensor& y) const {
  return rule_->log_det(x, y);
}
std::size_t Transform::domain_event_dim() const { return rule_->domain_event_dim(); }
std::size_t Transform::codomain_event_dim() const { return rule_->codomain_event_dim(); }
Shape Transform::forward_shape(const Shape& shape) const { return rule_->forward_shape(shape); }
Shape Transform::inverse_shape(const Shape& shape) const { return rule_->inverse_shape(shape); }
Constraint Transform::codomain(const Constraint& domain) const { return rule_->codomain(domain); }
int Transform::sign() const { return rule_->sign(); }
ember::detail::Sources Transform::sources() const {
  ember::detail::Sources all = nullptr;
  for (const auto& [name, number] : rule_->numbers()) {
    all = ember::detail::join(all, ember::detail::sources_of(number));
  }
  for (const Transform& part : rule_->parts()) all = ember::detail::join(all, part.sources());
  return all;
}
namespace {

bool same_number(const Tensor& a, const Tensor& b) {
  if (&a.node() == &b.node()) return true;
  if (detail::may_vary(a.node()) || detail::may_vary(b.node())) return false;
  return a.shape() == b.shape() && std::ranges::equal(a.data(), b.data());
}

}  // namespace

bool operator==(const Transform& a, const Transform& b) {
  const Rule &x = a.rule(), &y = b.rule();
  if (&x == &y) return true;
  const auto numbers = x.numbers();
  const auto parts = x.parts();
  // a rule that says nothing of what it is made of equals only itself
  if (typeid(x) != typeid(y) || (numbers.empty() && parts.empty())) return false;
  return std::ranges::equal(numbers, y.numbers(), same_number,
                            &std::pair<const char*, Tensor>::second,
                            &std::pair<const char*, Tensor>::second) &&
         parts == y.parts();
}

bool Transform::is_identity() const { return rule_.get() == &identity().rule(); }

Transform compose(std::vector<Transform> parts) {
  if (parts.empty()) return identity();
  if (parts.size() == 1) return parts.front();
  return Transform(std::make_shared<Compose>(std::move(parts)));
}

Ends ends_of(const Constraint& constraint) {
  constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
  using Kind = Constraint::Kind;
  switch (constraint.kind()) {
    case Kind::positive:
    case Kind::nonnegative:
    case Kind::nonnegative_integer:
      return {0, kInfinity};
    case Kind::unit_interval:
    case Kind::boolean:
      return {0, 1};
    default:
      return {constraint.has_lower() ? constraint.lower() : -kInfinity,
              constraint.has_upper() ? constraint.upper() : kInfinity};
  }
}

Transform independent(Transform base, std::size_t n) {
  return n == 0 ? base : Transform(std::make_shared<Independent>(std::move(base), n));
}

}  // namespace ember::transforms
