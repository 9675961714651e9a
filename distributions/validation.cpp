// What is asked of parameters and values, where they are visible.
#include <ember/distributions/checks_again.hpp>

#include <string>

#include <ember/core/error.hpp>
#include <ember/core/number_text.hpp>
#include <ember/distributions/element_names.hpp>

namespace ember {
namespace {

thread_local bool validation = true;

}  // namespace

void check_visible(const Constraint& constraint, const Tensor& x, const Mask& elements,
                   std::string_view who, std::string_view what) {
  if (constraint.reinterpreted() == 0 && constraint.holds(x, elements)) return;
  const Mask visible = elements.unsqueeze_right(constraint.reinterpreted());
  if (constraint.reinterpreted() != 0 && constraint.holds(x, visible)) return;
  const Mask allowed = constraint.allowed(x);
  if (allowed.is_all()) return note_check(constraint, x, elements);
  // A tensor that is repeated over the elements is visible where any of its repetitions is.
  const Shape shape = broadcast_shapes(allowed.shape(), visible.shape(), who);
  const Mask bad = any_to_shape(visible.broadcast_to(shape), allowed.shape()) & !allowed;
  if (bad.is_none()) return note_check(constraint, x, elements);
  const std::vector<std::uint8_t> bytes = bad.to_bytes();
  Index first = 0;
  while (bytes[static_cast<std::size_t>(first)] == 0) ++first;
  std::string text(what);
  text += distributions::ElementNames::index(first, bad.shape());
  if (allowed.shape() == x.shape()) {
    text += " = " + detail::shortest_text(x.data()[static_cast<std::size_t>(first)]);
  }
  text += ' ' + constraint.at(first, bad.shape()).rule() + " (";
  text.append(what).append(" has shape ");
  text += distributions::ElementNames::shape(x.shape()) + ", " + std::to_string(bad.count()) +
          " of its visible elements " + detail::do_not(bad.count()) + ')';
  fail(who, text, "mend it, or mask what is missing");
}

void enable_validation(bool on) { validation = on; }
bool validation_enabled() { return validation; }

}  // namespace ember
