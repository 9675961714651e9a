#include <ember/distributions/element_names.hpp>

#include <ember/core/index_text.hpp>

namespace ember::distributions {
namespace {

thread_local const ElementNames* current = nullptr;

}  // namespace

ElementNames::ElementNames(const detail::Places& at, const Shape& elements)
    : at_(at), elements_(elements), outer_(current) {
  current = this;
}
ElementNames::~ElementNames() { current = outer_; }

bool ElementNames::names(const Shape& shape) const {
  return shape.rank() > 0 && shape[0] == at_.count();
}

std::string ElementNames::index(Index i, const Shape& shape) {
  if (current == nullptr || !current->names(shape)) return detail::index_text(i, shape);
  const Shape event = shape.after(1);
  const Index n = event.numel();
  return detail::index_text(current->at_[i / n] * n + i % n,
                            concatenate(current->elements_, event));
}

std::string ElementNames::shape(const Shape& shape) {
  if (current == nullptr || !current->names(shape)) return to_string(shape);
  return to_string(concatenate(current->elements_, shape.after(1)));
}

}  // namespace ember::distributions
