// Operators that take elements out.
#include <ember/core/index_text.hpp>
#include <ember/core/mask_list.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/owed.hpp>
#include <ember/core/runs.hpp>
#include <ember/core/selection.hpp>

namespace ember {
namespace detail {
namespace {

Index checked_index(Index i, const Shape& shape, std::size_t axis, const char* who) {
  const Index size = shape[axis];
  if (i < -size || i >= size) fail_index(who, i, axis, shape, -size);
  return i < 0 ? i + size : i;
}

}  // namespace

void forward_slice(Node& n) { copy_again(n); }
void forward_index_select(Node& n) { copy_again(n); }
void forward_gather(Node& n) { copy_again(n); }

void backward_slice(Node& n) { return_runs(n); }
void backward_index_select(Node& n) { return_runs(n); }
void backward_gather(Node& n) { return_runs(n); }

}  // namespace detail

using detail::Node;
using detail::Op;

namespace {

// Runs of `run` neighbours, where they begin in a tensor's numbers.
class OwedRuns final : public detail::Owed {
 public:
  OwedRuns(const Tensor& x, detail::IndexListPtr starts, Index run)
      : x_(x), starts_(std::move(starts)), run_(run) {
    is_blockwise = run == 1 && !detail::waits(x);
  }
  void fill(Node& out) override {
    const Real* from = detail::values(x_);
    Real* to = out.value;
    for (Index start : starts_->at()) to = std::copy_n(from + start, run_, to);
  }
  Tensor take(const Node&, const detail::PlacesPtr& at, Index row) const override {
    if (run_ % row != 0) return {};
    detail::Positions rows = at->at();
    for (Index& i : rows) {
      const Index p = i * row;
      i = (starts_->at()[static_cast<std::size_t>(p / run_)] + p % run_) / row;
    }
    const auto mapped = std::make_shared<const detail::Places>(std::move(rows), x_.numel() / row);
    return detail::take(x_, x_.shape(), mapped, row);
  }
  std::span<const Tensor> operands() const override { return {&x_, 1}; }
  const detail::IndexList* picked() const override { return run_ == 1 ? starts_.get() : nullptr; }
  // What the reverse pass of copy_runs reads.
  void describe(Node& node) {
    node.aux = const_cast<Index*>(starts_->at().data());  // NOLINT: nobody writes there
    node.ints = {run_, static_cast<Index>(starts_->at().size()), 0, 0};
  }

 private:
  Tensor x_;
  detail::IndexListPtr starts_;
  Index run_;
};

}  // namespace

Tensor slice(const Tensor& x, Index axis, Index begin, Index end) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "slice");
  const Index size = in.shape[a];
  const Index from = begin < 0 ? begin + size : begin;
  const Index to = end < 0 ? end + size : end;
  if (from < 0 || to > size || from > to) {
    fail("slice",
         "from " + std::to_string(begin) + " to " + std::to_string(end) + " of axis " +
             std::to_string(a) + " of shape " + to_string(in.shape),
         "0 <= begin <= end <= " + std::to_string(size));
  }
  const Index inner = in.shape.after(a + 1).numel();
  const Index length = (to - from) * inner;
  detail::Tape& tape = detail::Tape::current();
  const bool is_one_run = size * inner == in.numel && length > 1;
  if (is_one_run && tape.recording() && !detail::may_vary(in)) {
    tape.check_owner(in, "slice");
    return Tensor(detail::new_part(in.shape.with(a, to - from), in, from * inner));
  }
  return detail::copy_runs(Op::slice, in, in.shape.with(a, to - from), length,
                           [=](Index r) { return (r * size + from) * inner; });
}

Tensor select(const Tensor& x, Index axis, Index i) {
  const std::size_t a = normalize_axis(axis, x.shape(), "select");
  const Index at = detail::checked_index(i, x.shape(), a, "select");
  return reshape(slice(x, static_cast<Index>(a), at, at + 1), x.shape().without(a));
}

namespace {

// The indices of an axis as 0 .. size - 1: as they are, or in `room` where some count from the end.
std::span<const Index> checked_indices(std::span<const Index> indices, detail::IndexRange range,
                                       const Shape& shape, std::size_t axis,
                                       detail::Positions& room) {
  if (range.lowest >= 0 && range.highest < shape[axis]) return indices;
  room.reserve(indices.size());
  for (Index i : indices) room.push_back(detail::checked_index(i, shape, axis, "index_select"));
  return room;
}

// `shared` holds these indices, where somebody does.
Tensor selected(const Tensor& x, Index axis, std::span<const Index> indices,
                detail::IndexRange range, const detail::IndexListPtr& shared) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "index_select");
  detail::Positions room;
  const auto rows = checked_indices(indices, range, in.shape, a, room);
  const Index inner = in.shape.after(a + 1).numel();
  const Index outer = in.shape.first(a).numel();
  const Index size = in.shape[a];
  const auto count = static_cast<Index>(rows.size());
  const auto from = [&](Index r) {
    return (r / count * size + rows[static_cast<std::size_t>(r % count)]) * inner;
  };
  const Shape shape = in.shape.with(a, count);
  if (const detail::Coordinates* has = detail::coordinates_of(x)) {
    auto chosen = detail::select_positions(has->at->at(), {inner, size, outer == 1, rows});
    auto at = detail::Places::make(std::move(chosen.positions), shape.numel());
    Tensor values = detail::index_select(has->values, 0, chosen.from);
    return detail::with_sources(
        detail::new_coordinates(shape, {std::move(at), std::move(values), has->is_zero_elsewhere}),
        detail::sources_of(x));
  }
  // An expression is done as it stands before its elements are picked.
  const bool is_waiting = detail::waits_for(x, shape.numel(), false);
  const bool is_fused = inner == 1 && detail::is_worth_picking(shape.numel());
  if ((is_waiting || is_fused) && shape.numel() > 0) {
    detail::IndexListPtr starts = shared;
    if (inner != 1 || outer != 1) {
      detail::Positions all(static_cast<std::size_t>(shape.numel() / inner));
      for (std::size_t r = 0; r < all.size(); ++r) all[r] = from(static_cast<Index>(r));
      starts = detail::make_index_list(std::move(all));
    } else if (shared == nullptr || !room.empty()) {
      starts = detail::make_index_list(detail::Positions(rows.begin(), rows.end()));
    }
    auto owed = std::make_unique<OwedRuns>(x, std::move(starts), inner);
    OwedRuns& runs = *owed;
    Tensor waiting = wait(Op::index_select, shape, {&in}, std::move(owed));
    runs.describe(waiting.node());
    return waiting;
  }
  if (outer != 1) return detail::copy_runs(Op::index_select, in, shape, inner, from);
  return detail::copy_runs(Op::index_select, in, shape, inner,
                           [&](Index r) { return rows[static_cast<std::size_t>(r)] * inner; });
}

}  // namespace

Tensor index_select(const Tensor& x, Index axis, const Indices& indices) {
  const detail::IndexListPtr& list = indices.list();
  const auto range = list ? list->range() : detail::IndexRange();
  Tensor result = selected(x, axis, indices.values(), range, list);
  detail::add_sources(result, indices.sources());
  return result;
}

Tensor detail::index_select(const Tensor& x, Index axis, std::span<const Index> indices) {
  return selected(x, axis, indices, range_of(indices), nullptr);
}

Mask index_select(const Mask& mask, Index axis, std::span<const Index> indices) {
  const std::size_t a = normalize_axis(axis, mask.shape(), "index_select");
  const Shape shape = mask.shape().with(a, static_cast<Index>(indices.size()));
  const Index size = mask.shape()[a];
  for (Index i : indices) {
    if (i < 0 || i >= size) detail::fail_index("index_select", i, a, mask.shape(), 0);
  }
  if (!mask.bytes()) return Mask::filled(shape, !mask.is_none()).with_sources(mask.sources());
  const Index inner = mask.shape().after(a + 1).numel();
  const Index outer = mask.shape().first(a).numel();
  if (detail::is_list(mask)) {
    auto selected =
        detail::select_positions(mask.bytes()->positions(), {inner, size, outer == 1, indices});
    return Mask::from_positions(shape, std::move(selected.positions)).with_sources(mask.sources());
  }
  detail::Bytes bytes;
  bytes.reserve(static_cast<std::size_t>(shape.numel()));
  for (Index o = 0; o < outer; ++o) {
    for (Index i : indices) {
      const std::uint8_t* row = mask.bytes()->data() + (o * size + i) * inner;
      bytes.insert(bytes.end(), row, row + inner);
    }
  }
  return Mask::from_bytes(shape, std::move(bytes)).with_sources(mask.sources());
}

Tensor gather(const Tensor& x, Index axis, const Tensor& index) {
  Node& in = x.node();
  const std::size_t a = normalize_axis(axis, in.shape, "gather");
  const Shape& shape = index.shape();
  if (shape.rank() != in.shape.rank() || !(shape.without(a) == in.shape.without(a))) {
    fail("gather",
         "index of shape " + to_string(shape) + " does not fit a tensor of shape " +
             to_string(in.shape),
         "on all axes but " + std::to_string(a) + " the sizes must agree");
  }
  const Indices indices(index);
  const Index inner = in.shape.after(a + 1).numel();
  const Index length = shape[a] * inner;
  const Index size = in.shape[a];
  Tensor result = detail::copy_runs(Op::gather, in, shape, 1, [&](Index i) {
    const Index at =
        detail::checked_index(indices.values()[static_cast<std::size_t>(i)], in.shape, a, "gather");
    return (i / length * size + at) * inner + i % inner;
  });
  detail::add_sources(result, indices.sources());
  return result;
}

Tensor one_hot(const Tensor& indices, Index classes) {
  if (classes < 1) {
    fail("one_hot", std::to_string(classes) + " classes", "there is at least one");
  }
  const Indices hot(indices);
  Node* out = detail::new_constant(concatenate(indices.shape(), Shape{classes}), hot.sources());
  Tensor result(out);
  std::fill_n(out->value, out->numel, Real{0});
  for (std::size_t i = 0; i < hot.size(); ++i) {
    const Index index = hot.values()[i];
    if (index < 0 || index >= classes) {
      fail("one_hot",
           "index " + std::to_string(index) + " is none of " +
               detail::counted(classes, "class", "classes"),
           "they are numbered from 0");
    }
    out->value[static_cast<Index>(i) * classes + index] = 1;
  }
  return result;
}

}  // namespace ember
