#include <ember/distributions/visible_elements.hpp>

#include <ember/core/operators.hpp>
#include <ember/core/owed.hpp>
#include <ember/distributions/element_names.hpp>

namespace ember::distributions {
namespace {

// Below one half the rows alone cost less than all of them (measured with a matmul of inner size 8
// under a Categorical of 10).
bool is_worth(const Mask& visible) {
  return visible.bytes()->is_list() || 2 * visible.bytes()->kept() < visible.bytes()->size();
}

// Whether x can be read at some places alone.
bool has_coordinates(const Tensor& x) { return detail::waits(x) && x.node().owed->has_coordinates; }

}  // namespace

std::optional<VisibleElements> VisibleElements::of_some(const Family& family, unsigned row_inputs,
                                                        const Tensor& value, const Shape& elements,
                                                        const Mask& visible, bool total) {
  // Element-wise expressions are done block by block, or as they stand.
  const auto waits = [](const Tensor& x) { return detail::waits(x) && !detail::allows_blocks(x); };
  bool is_any_waiting = waits(value);
  bool is_any_in_part = has_coordinates(value);
  for (const Parameter& p : family.parameters()) {
    is_any_waiting = is_any_waiting || waits(p.value);
    is_any_in_part = is_any_in_part || has_coordinates(p.value);
  }
  if (!is_any_waiting) return {};
  const bool wants = is_any_in_part || (total ? is_worth(visible) : visible.bytes()->is_list());
  if (!wants) return {};
  return VisibleElements(family, row_inputs, value, elements, visible);
}

detail::PlacesPtr VisibleElements::places(const Tensor& x, const Mask& visible) {
  if (!visible.bytes() || detail::allows_blocks(x)) return nullptr;
  const bool wants = has_coordinates(x) || is_worth(visible);
  return wants ? visible.bytes()->places() : nullptr;
}

VisibleElements::VisibleElements(const Family& family, unsigned row_inputs, const Tensor& value,
                                 const Shape& elements, const Mask& visible)
    : elements_(elements), shape_{visible.count()}, at_(visible.bytes()->places()) {
  const auto taken = [&](const Tensor& x, bool has_rows) {
    const Index row = has_rows ? x.shape().from_right(1) : 1;
    const Tensor rows =
        detail::take(x, has_rows ? concatenate(elements, Shape{row}) : elements, at_, row);
    return has_rows && row == 1 ? unsqueeze(rows, -1) : rows;
  };
  value_ = taken(value, (row_inputs & 1U) != 0);
  const std::span<const ParameterInfo> infos = family.info().parameters;
  detail::PooledVector<Tensor> values(infos.size());
  unsigned k = 1;
  for (const Parameter& p : family.parameters()) {
    values[static_cast<std::size_t>(p.info - infos.data())] =
        taken(p.value, (row_inputs >> k++ & 1U) != 0);
  }
  distribution_ = family.info().make(values);
}

Tensor VisibleElements::log_prob_sum() const {
  const ElementNames names(*at_, elements_);
  return distribution_.family().log_prob_sum(value_, shape_, Mask::filled(shape_, true));
}

Tensor VisibleElements::log_prob() const {
  const ElementNames names(*at_, elements_);
  const Tensor values = distribution_.family().log_prob(value_, shape_, Mask::filled(shape_, true));
  return detail::new_coordinates(elements_, {at_, values, true});
}

}  // namespace ember::distributions
