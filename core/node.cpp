#include <ember/core/node.hpp>

#include <algorithm>
#include <memory>
#include <string>

#include <ember/core/memory.hpp>
#include <ember/core/owed.hpp>

namespace ember::detail {
namespace {

std::size_t bytes_of(Index numel) { return static_cast<std::size_t>(numel) * sizeof(Real); }

}  // namespace

void* allocate_buffer(Index numel) { return allocate_numbers(bytes_of(numel)); }

void no_room(Op op, const Shape& shape, const Error& error) {
  const std::string who = op == Op::leaf ? "" : std::string(name_of(op)) + ": ";
  throw Error(who + "a tensor of shape " + to_string(shape) + ": " + error.what());
}

void destroy(HandleCount* counted) noexcept {
  auto* node = static_cast<Node*>(counted);
  if (node->owed != nullptr) destroy(node->owed);
  if (node->base != nullptr) release(node->base);
  if (node->buffer != nullptr) free_numbers(node->buffer, bytes_of(node->numel));
  delete node;
}

Node* new_heap_node(const Shape& shape, Op op) {
  auto node = std::make_unique<Node>();
  node->shape = shape;
  node->numel = shape.numel();
  node->value = &node->scalar;
  if (node->numel != 1) {
    node->buffer = for_shape(op, shape, [&] { return allocate_buffer(node->numel); });
    node->value = static_cast<Real*>(node->buffer);
  }
  return node.release();
}

Node* new_heap_view(Node& base, const Shape& shape) {
  auto node = std::make_unique<Node>();
  node->shape = shape;
  node->numel = base.numel;
  node->value = const_cast<Real*>(values(base));
  node->base = base.base != nullptr ? base.base : &base;
  node->sources = base.sources;
  retain(node->base);
  return node.release();
}

Real* replace_by_copy(Tensor& x) {
  const Node& node = x.node();
  Node* copy = new_heap_node(node.shape);
  std::copy_n(values(node), node.numel, copy->value);
  x = Tensor(copy);
  return copy->value;
}

}  // namespace ember::detail
