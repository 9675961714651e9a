#include <ember/distributions/density.hpp>

#include <algorithm>
#include <array>

#include <ember/core/broadcast.hpp>
#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>

namespace ember::distributions {
namespace {

using detail::kBlock;
using detail::MaskBytes;
using detail::Node;
using detail::Tape;

// How an input meets the elements.
enum class Layout : std::uint8_t { full, uniform, strided };

struct Input {
  Node* node;
  Index row = 1;  // numbers an element
  Shape shape;    // without the row
  Layout layout;
  Real* partial = nullptr;  // derivatives, laid out as the elements or as the input (`reduced`)
  bool reduced = false;
};

// What backward needs: per operand the buffer of derivatives.
struct Record {
  std::array<Real*, kMaxInputs> partial{};
  std::array<bool, kMaxInputs> reduced{};
  std::array<Index, kMaxInputs> row{};
  unsigned row_inputs = 0;
  bool total = false;
  Shape elements;
};

// Room for a block of each input and of its derivatives, and for a strided input's element for
// every element: a thread's, kept from call to call.
struct Scratch {
  std::array<std::vector<Real>, kMaxInputs> values, gradients;
  std::array<std::vector<Index>, kMaxInputs> offsets;

  static Scratch& of_thread() {
    thread_local Scratch scratch;
    return scratch;
  }
};

template <class T>
T* room_for(std::vector<T>& buffer, Index n) {
  if (buffer.size() < static_cast<std::size_t>(n)) buffer.resize(static_cast<std::size_t>(n));
  return buffer.data();
}

// Blocks are gathered from one list of positions, or are runs of neighbours.
class Driver {
 public:
  Driver(const Kernel& kernel, std::span<const Tensor> tensors, const Shape& elements,
         const Mask& visible, bool total)
      : kernel_(kernel), elements_(elements), visible_(visible), total_(total) {
    for (std::size_t k = 0; k < kernel.inputs; ++k) {
      Input& input = inputs_[k];
      input.node = &tensors[k].node();
      input.shape = input.node->shape;
      if ((kernel.row_inputs >> k & 1U) != 0) {
        input.row = input.shape.from_right(1);
        input.shape = input.shape.first(input.shape.rank() - 1);
        row_ = input.row;
      }
      operands_[k] = input.node;
      if (!broadcasts_to(input.shape, elements)) {
        fail("density", "an input of shape " + to_string(input.node->shape) +
                            " does not broadcast to the elements " + to_string(elements));
      }
      const Index n = input.shape.numel();
      input.layout = n == elements.numel() ? Layout::full
                     : n == 1              ? Layout::uniform
                                           : Layout::strided;
    }
  }

  Tensor run() {
    Node* out = detail::new_result(Op::density, total_ ? Shape() : elements_,
                                   std::span<Node* const>(operands_.data(), kernel_.inputs));
    const Tensor result(out);
    out_ = out->value;
    std::fill_n(out->value, out->numel, Real{0});
    if (visible_.is_none() || elements_.numel() == 0) {
      out->requires_grad = false;
      out->op = Op::leaf;
      return result;
    }
    if (out->requires_grad) open_partials(*out);
    const Index longest = std::min(elements_.numel(), block_length());
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Input& input = inputs_[k];
      const Index size = longest * (has_rows(k) ? row_ : 1);
      values_[k] = room_for(scratch_.values[k], size);
      if (input.partial != nullptr) gradients_[k] = room_for(scratch_.gradients[k], size);
      if (input.layout == Layout::strided) make_offsets(k);
      if (input.layout == Layout::uniform && !has_rows(k)) {
        std::fill_n(values_[k], size, *detail::values(*input.node));
      }
    }
    const Index n = elements_.numel();
    const MaskBytes* mask = visible_.bytes().get();
    const bool rowwise = kernel_.row_inputs != 0;
    if (mask == nullptr) {
      each_block(n, [&](Index begin, Index length) { block(begin, nullptr, length, nullptr); });
    } else if (rowwise || mask->is_sparse()) {
      const std::vector<Index>& positions = mask->positions();
      each_block(static_cast<Index>(positions.size()), [&](Index begin, Index length) {
        const Index* list = positions.data() + begin;
        const bool run = list[length - 1] - list[0] == length - 1;
        block(list[0], run ? nullptr : list, length, nullptr);
      });
    } else {
      const std::vector<std::int32_t>& counts = mask->block_counts();
      each_block(n, [&](Index begin, Index length) {
        const Index kept = counts[static_cast<std::size_t>(begin / kBlock)];
        if (kept > 0)
          block(begin, nullptr, length, kept == length ? nullptr : mask->data() + begin);
      });
    }
    if (total_) *out_ = static_cast<Real>(sum_);
    return result;
  }

 private:
  using Op = detail::Op;

  bool has_rows(std::size_t k) const { return (kernel_.row_inputs >> k & 1U) != 0; }

  // Rows in blocks of 16: their transposes stay in the first cache.
  Index block_length() const { return kernel_.row_inputs != 0 ? 16 : kBlock; }

  template <class F>
  void each_block(Index n, F f) const {
    const Index length = block_length();
    for (Index begin = 0; begin < n; begin += length) f(begin, std::min(length, n - begin));
  }

  void open_partials(Node& out) {
    Tape& tape = Tape::current();
    auto* record = new (tape.allocate_auxiliary<Record>(1)) Record();
    record->total = total_;
    record->elements = elements_;
    record->row_inputs = kernel_.row_inputs;
    out.aux = record;
    out.mask = detail::as_reach(visible_);
    partials_ = true;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      Input& input = inputs_[k];
      record->row[k] = input.row;
      if (!input.node->requires_grad) continue;
      input.reduced = total_ && input.layout != Layout::full;
      const Index n = input.reduced ? input.node->numel : elements_.numel() * input.row;
      input.partial = tape.allocate_reals(n);
      if (input.reduced) std::fill_n(input.partial, n, Real{0});
      record->partial[k] = input.partial;
      record->reduced[k] = input.reduced;
    }
  }

  void make_offsets(std::size_t k) {
    Index* to = room_for(scratch_.offsets[k], elements_.numel());
    offsets_[k] = to;
    const detail::BroadcastPlan<1> plan(elements_, {&inputs_[k].shape});
    plan.for_each_run([&](Index position, const auto& offsets, Index n) {
      for (Index i = 0; i < n; ++i) {
        to[position + i] = offsets[0] + i * plan.strides[0][0];
      }
    });
  }

  Index offset_of(std::size_t k, Index element) const {
    const Layout layout = inputs_[k].layout;
    return layout == Layout::full ? element : layout == Layout::uniform ? 0 : offsets_[k][element];
  }

  // Elements begin .. begin + n - 1, or the n of `list`; of these, those that `kept` does not hide.
  void block(Index begin, const Index* list, Index n, const std::uint8_t* kept) {
    const Real* in[kMaxInputs] = {};
    Real* partials[kMaxInputs] = {};
    std::array<Index, kBlock> elements;
    for (Index i = 0; i < n; ++i)
      elements[static_cast<std::size_t>(i)] = list != nullptr ? list[i] : begin + i;
    const std::span<const Index> here(elements.data(), static_cast<std::size_t>(n));
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Input& input = inputs_[k];
      const bool in_place = input.layout == Layout::full && list == nullptr && !has_rows(k);
      in[k] = in_place ? detail::values(*input.node) + begin : gather(k, here);
      if (input.partial != nullptr) {
        partials[k] = in_place && !input.reduced ? input.partial + begin : gradients_[k];
      }
    }
    Real results[kBlock];
    (partials_ ? kernel_.with_partials : kernel_.value_only)(n, row_, in, results, partials);
    if (total_) {
      double sum = 0;
      if (kept == nullptr) {
#pragma omp simd reduction(+ : sum)
        for (Index i = 0; i < n; ++i) sum += results[i];
      } else {
#pragma omp simd reduction(+ : sum)
        for (Index i = 0; i < n; ++i) sum += kept[i] != 0 ? results[i] : Real{0};
      }
      sum_ += sum;
    } else {
      for (Index i = 0; i < n; ++i) {
        out_[here[static_cast<std::size_t>(i)]] =
            kept == nullptr || kept[i] != 0 ? results[i] : Real{0};
      }
    }
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      if (partials[k] == gradients_[k] && inputs_[k].partial != nullptr) scatter(k, here, kept);
    }
  }

  const Real* gather(std::size_t k, std::span<const Index> elements) {
    const Input& input = inputs_[k];
    const Real* from = detail::values(*input.node);
    Real* to = values_[k];
    const auto n = static_cast<Index>(elements.size());
    if (has_rows(k)) {
      for (Index i = 0; i < n; ++i) {
        const Real* row = from + offset_of(k, elements[static_cast<std::size_t>(i)]) * input.row;
        for (Index c = 0; c < input.row; ++c) to[c * n + i] = row[c];
      }
    } else if (input.layout == Layout::full) {
      for (Index i = 0; i < n; ++i) to[i] = from[elements[static_cast<std::size_t>(i)]];
    } else if (input.layout == Layout::strided) {
      for (Index i = 0; i < n; ++i)
        to[i] = from[offsets_[k][elements[static_cast<std::size_t>(i)]]];
    }
    return to;
  }

  void scatter(std::size_t k, std::span<const Index> elements, const std::uint8_t* kept) {
    Input& input = inputs_[k];
    const Real* from = gradients_[k];
    const auto n = static_cast<Index>(elements.size());
    if (input.reduced && input.layout == Layout::uniform && !has_rows(k)) {
      Real sum = 0;
      if (kept == nullptr) {
#pragma omp simd reduction(+ : sum)
        for (Index i = 0; i < n; ++i) sum += from[i];
      } else {
#pragma omp simd reduction(+ : sum)
        for (Index i = 0; i < n; ++i) sum += kept[i] != 0 ? from[i] : Real{0};
      }
      *input.partial += sum;
      return;
    }
    for (Index i = 0; i < n; ++i) {
      if (kept != nullptr && kept[i] == 0) continue;
      const Index element = elements[static_cast<std::size_t>(i)];
      Real* to = input.partial + (input.reduced ? offset_of(k, element) : element) * input.row;
      for (Index c = 0; c < input.row; ++c)
        to[c] = input.reduced ? to[c] + from[c * n + i] : from[c * n + i];
    }
  }

  const Kernel& kernel_;
  const Shape& elements_;
  const Mask& visible_;
  bool total_;
  bool partials_ = false;
  Index row_ = 1;
  std::array<Input, kMaxInputs> inputs_{};
  std::array<Node*, kMaxInputs> operands_{};
  Scratch& scratch_ = Scratch::of_thread();
  std::array<Real*, kMaxInputs> values_{}, gradients_{};
  std::array<const Index*, kMaxInputs> offsets_{};
  Real* out_ = nullptr;
  double sum_ = 0;
};

}  // namespace

Tensor density(const Kernel& kernel, std::span<const Tensor> inputs, const Shape& elements,
               const Mask& visible) {
  return Driver(kernel, inputs, elements, visible, false).run();
}

Tensor density_sum(const Kernel& kernel, std::span<const Tensor> inputs, const Shape& elements,
                   const Mask& visible) {
  return Driver(kernel, inputs, elements, visible, true).run();
}

}  // namespace ember::distributions

namespace ember::detail {
namespace {

// A mask over elements as a mask over an operand's numbers: reduced to its shape, repeated along
// its rows.
Mask over_operand(const Mask& elements, const Node& operand, bool rows) {
  if (!rows) return any_to_shape(elements, operand.shape);
  const Shape shape = operand.shape.first(operand.shape.rank() - 1);
  return any_to_shape(elements, shape).unsqueeze_right(1).broadcast_to(operand.shape);
}

}  // namespace

void backward_density(Node& n) {
  const auto& record = *static_cast<const distributions::Record*>(n.aux);
  Mask visible = Mask::filled(record.elements, true);
  if (n.mask != nullptr) visible = Mask::from_shared(record.elements, n.mask->shared_from_this());
  if (!record.total) visible = visible & reach_of(n);
  if (visible.is_none()) return;
  const Real* adjoint = n.adjoint;
  for (std::size_t k = 0; k < static_cast<std::size_t>(n.operand_count); ++k) {
    Node& operand = *n.operands[k];
    Real* partial = record.partial[k];
    if (partial == nullptr) continue;
    const Index row = record.row[k];
    const bool rows = (record.row_inputs >> k & 1U) != 0;
    const MaskBytes* reach = as_reach(over_operand(visible, operand, rows));
    if (record.total) {
      // The derivatives of the sum, times one number, are the operand's adjoint: no copy is made.
      const Real factor = *adjoint;
      if (factor != 1) {
        for_reached_loosely(operand.numel, reach, [&](Index i) { partial[i] *= factor; });
      }
      hand_over(operand, partial, reach);
      continue;
    }
    const MaskBytes* reached = visible.bytes().get();
    for_reached(record.elements.numel(), reached, [&](Index i) {
      for (Index c = 0; c < row; ++c) partial[i * row + c] *= adjoint[i];
    });
    if (operand.numel == record.elements.numel() * row) {
      hand_over(operand, partial, reach);
      continue;
    }
    Real* out = open_sum(operand, reach);
    const Shape own = rows ? operand.shape.first(operand.shape.rank() - 1) : operand.shape;
    const BroadcastPlan<1> plan(record.elements, {&own});
    plan.for_each_run([&](Index position, const auto& offsets, Index length) {
      for (Index i = 0; i < length; ++i) {
        if (reached != nullptr && !(*reached)[position + i]) continue;
        Real* to = out + (offsets[0] + i * plan.strides[0][0]) * row;
        const Real* from = partial + (position + i) * row;
        for (Index c = 0; c < row; ++c) to[c] += from[c];
      }
    });
  }
}

}  // namespace ember::detail
