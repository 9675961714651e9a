#include <ember/distributions/density.hpp>

#include <algorithm>
#include <array>

#include <ember/core/broadcast.hpp>
#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/pieces.hpp>
#include <ember/core/rerun.hpp>
#include <ember/distributions/density_expression.hpp>
#include <ember/distributions/density_record.hpp>

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
  const Real* values;
  Index row;    // numbers an element
  Shape shape;  // without the row, where it is walked
  Layout layout;
  Real* partial;  // derivatives, laid out as the elements, or as the input where `reduced`
  bool reduced;
};

// What a thread works with: blocks of gathered numbers and of derivatives that are summed or
// scattered, and what it has summed up.
struct Scratch {
  Sums sums;
  std::array<Real*, kMaxInputs> values, gradients;
  std::array<Real, 2 * kMaxInputs * kBlock> stack;
  std::array<std::int64_t, kBlock> wide;  // the mask of a block, see SumKernel
};

using Block = detail::ElementBlock;
using detail::sum_of;

// What a density that wants derivatives leaves on the tape; who computes them says where they are.
DensityRecord& open_record(Node& out, const Kernel& kernel, bool total, const Shape& elements,
                           const Mask& visible) {
  auto* record = new (Tape::current().allocate_auxiliary<DensityRecord>(1)) DensityRecord;
  record->kernel = &kernel;
  record->total = total;
  record->elements = elements;
  out.aux = record;
  out.mask = detail::as_reach(visible);
  return *record;
}

// The sum over few elements that all count, of inputs that have a number for each or one for all:
// what the Driver asks itself would cost more than what the kernel computes.
class FewDriver {
 public:
  FewDriver(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements)
      : kernel_(kernel), inputs_(inputs), elements_(elements), numel_(elements.numel()) {}

  bool can_run(const Mask& visible) {
    constexpr Index kMost = 64;
    if (numel_ < 1 || numel_ > kMost || kernel_.sums == nullptr || !visible.is_all()) return false;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Node& node = *inputs_[k];
      if (node.owed != nullptr) return false;
      if (node.shape == elements_) continue;
      if (k == 0 || node.shape.rank() != 0) return false;
      if (numel_ > 1) uniform_ |= 1U << (k - 1);
    }
    return kernel_.sums[uniform_].uniform == uniform_;
  }

  Tensor run(const Mask& visible) {
    Node* out = detail::new_result(detail::Op::density, Shape(), inputs_);
    Tensor result(out);
    detail::add_sources(result, visible.sources());
    const bool wants_partials = out->requires_grad;
    if (!wants_partials && out->op != detail::Op::leaf) detail::refuse_rerun();
    WholeCall call;
    if (numel_ == 1) {
      call.one = wants_partials ? kernel_.with_partials : kernel_.value_only;
    } else {
      call.sum = kernel_.sums[uniform_].block(wants_partials, inputs_[0]->requires_grad, false);
      call.uniform = uniform_ << 1U;
    }
    DensityRecord* record = nullptr;
    if (wants_partials) {
      record = &open_record(*out, kernel_, true, elements_, visible);
      open_partials(*record);
    }
    call.run(numel_, inputs_, record, out->value);
    return result;
  }

 private:
  bool is_uniform(std::size_t k) const { return k > 0 && (uniform_ >> (k - 1) & 1U) != 0; }

  void open_partials(DensityRecord& record) const {
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      Node& node = *inputs_[k];
      record.row[k] = 1;
      if (!node.requires_grad) continue;
      if (!is_uniform(k)) record.partial[k] = claim_room(node);
      if (record.partial[k] == nullptr) {
        record.partial[k] = Tape::current().allocate_reals(node.numel);
      }
    }
  }

  const Kernel& kernel_;
  std::span<Node* const> inputs_;
  const Shape& elements_;
  Index numel_;
  unsigned uniform_ = 0;
};

class Driver {
 public:
  Driver(const Kernel& kernel, std::span<Node* const> nodes, const Shape& elements,
         const Mask& visible, bool total)
      : kernel_(kernel),
        nodes_(nodes),
        elements_(elements),
        visible_(visible),
        total_(total),
        numel_(elements.numel()) {
    for (std::size_t k = 0; k < kernel.inputs; ++k) {
      Input& input = inputs_[k];
      input.node = nodes[k];
      input.values = nullptr;
      input.row = 1;
      input.partial = nullptr;
      input.reduced = false;
      const Shape* shape = &input.node->shape;
      Index n = input.node->numel;
      if (has_rows(k)) {
        input.row = row_ = shape->from_right(1);
        input.shape = shape->first(shape->rank() - 1);
        shape = &input.shape;
        n = shape->numel();
      }
      if (shape->rank() > 0 && !(*shape == elements) && !broadcasts_to(*shape, elements)) {
        fail("density", "an input of shape " + to_string(input.node->shape) +
                            " does not broadcast to the elements " + to_string(elements));
      }
      input.layout = n == numel_ ? Layout::full : n == 1 ? Layout::uniform : Layout::strided;
      if (input.layout == Layout::strided && !has_rows(k)) input.shape = *shape;
    }
  }

  Tensor run() {
    Node* out = detail::new_result(Op::density, total_ ? Shape() : elements_, nodes_);
    Tensor result(out);
    detail::add_sources(result, visible_.sources());
    out_ = out->value;
    const bool is_empty = visible_.is_none() || numel_ == 0;
    if (total_ || is_empty || visible_.bytes()) std::fill_n(out->value, out->numel, Real{0});
    if (is_empty) {
      out->requires_grad = false;
      out->varies = false;
      out->op = Op::leaf;
      return result;
    }
    if (out->requires_grad) {
      open_partials(*out);
    } else if (out->op != Op::leaf) {
      detail::refuse_rerun();  // it varies, and leaves no record
    }
    compute();
    return result;
  }

  // Once more, for a node of a recording that is run again.
  void run_again(Node& out) {
    out_ = out.value;
    if (total_ || visible_.bytes()) std::fill_n(out_, out.numel, Real{0});
    use_partials(*static_cast<DensityRecord*>(out.aux));
    compute();
  }

 private:
  using Op = detail::Op;

  bool wants_partials() const { return record_ != nullptr; }
  bool has_rows(std::size_t k) const { return (kernel_.row_inputs >> k & 1U) != 0; }
  std::span<Input> inputs() { return {inputs_.data(), kernel_.inputs}; }

  void compute() {
    for (Input& input : inputs()) input.values = detail::values(*input.node);
    choose_sum_kernel();
    if (const WholeCall call = whole_call(); call.is_there()) {
      return call.run(numel_, nodes_, record_, out_);
    }
    if (is_in_place()) {
      add_in_place();
    } else {
      run_blocks();
    }
    if (total_) close_sums();
  }

  // Sums over many elements have kernels of their own.
  void choose_sum_kernel() {
    if (!total_ || kernel_.sums == nullptr) return;
    unsigned uniform = 0;
    for (std::size_t k = 1; k < kernel_.inputs; ++k) {
      if (inputs_[k].layout == Layout::uniform) uniform |= 1U << (k - 1);
    }
    sum_kernel_ = &kernel_.sums[uniform];
    is_listed_ = sum_kernel_->listed != nullptr && wants_partials() &&
                 inputs_[0].layout == Layout::full && inputs_[0].partial == nullptr;
    for (std::size_t k = 1; k < kernel_.inputs; ++k) {
      const Input& input = inputs_[k];
      if (is_uniform(k)) continue;
      is_listed_ = is_listed_ && input.layout == Layout::full && input.partial != nullptr;
    }
  }
  // Whether the sum kernel takes an input as one number.
  bool is_uniform(std::size_t k) const {
    return sum_kernel_ != nullptr && k > 0 && (sum_kernel_->uniform >> (k - 1) & 1U) != 0;
  }

  // Whether the kernel reads and writes all of it where it stands. It has room for a block of
  // derivatives that nobody wants.
  bool is_in_place() const {
    if (sum_kernel_ == nullptr) return false;
    const bool has_runs = visible_.bytes() && !visible_.bytes()->runs().empty();
    if (visible_.bytes() && !has_runs) return is_listed_ && walks_list(*visible_.bytes());
    const Index longest = has_runs ? kBlock : numel_;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      if (is_uniform(k)) continue;
      const bool is_wanted = k == 0 || !wants_partials() || inputs_[k].partial != nullptr;
      if (inputs_[k].layout != Layout::full || (!is_wanted && longest > kBlock)) return false;
    }
    return true;
  }

  static constexpr Index kStretch = 4 * kBlock;  // what a block costs by itself is little of it

  // The call that does all of it, where one does.
  WholeCall whole_call() const {
    if (numel_ == 1 && kernel_.row_inputs == 0) {
      return {wants_partials() ? kernel_.with_partials : kernel_.value_only, nullptr, 0};
    }
    if (visible_.bytes() || numel_ > kStretch || !is_in_place()) return {};
    return {nullptr, sum_kernel_->block(wants_partials(), inputs_[0].partial != nullptr, false),
            sum_kernel_->uniform << 1U};
  }

  // Nothing is prepared: for few elements that would cost more than what is computed.
  void add_in_place() {
    struct Stretch {
      Sums sums;
    };
    const auto add_up = [&](Index stretches, Index elements, auto add) {
      sums_ = detail::sum_blocks<Stretch>(
          stretches, 2 * elements, [](Stretch&) {}, [&](Index s, Stretch& to) { add(s, to.sums); });
    };
    const auto add_stretches = [&](Index count, auto add) {
      if (count <= kStretch) return add(Index{0}, count, sums_);
      add_up((count + kStretch - 1) / kStretch, count, [&](Index s, Sums& to) {
        add(s * kStretch, std::min(kStretch, count - s * kStretch), to);
      });
    };
    const MaskBytes* mask = visible_.bytes().get();
    if (mask == nullptr) {
      return add_stretches(numel_, [&](Index begin, Index n, Sums& to) { add_run(begin, n, to); });
    }
    if (const auto& runs = mask->runs(); !runs.empty()) {
      return add_up(std::ssize(runs), mask->kept(), [&](Index r, Sums& to) {
        const MaskBytes::Run& run = runs[static_cast<std::size_t>(r)];
        add_run(run.begin, run.n, to);
      });
    }
    const Index* list = mask->positions().data();
    add_stretches(mask->kept(),
                  [&](Index begin, Index n, Sums& to) { add_listed(list + begin, n, to); });
  }
  // Where inputs and derivatives of element number `first` stand.
  struct Place {
    const Real* in[kMaxInputs];
    Real* partials[kMaxInputs];
  };
  Place place_of(Index first) const {
    Place at;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Input& input = inputs_[k];
      const bool is_one = is_uniform(k);
      at.in[k] = is_one ? input.values : input.values + first;
      at.partials[k] = is_one || input.partial == nullptr ? nullptr : input.partial + first;
    }
    return at;
  }
  void add_run(Index begin, Index n, Sums& sums) const {
    const Place at = place_of(begin);
    sum_kernel_->block(wants_partials(), at.partials[0] != nullptr, false)(n, at.in, nullptr,
                                                                           at.partials, sums);
  }
  void add_listed(const Index* list, Index n, Sums& sums) const {
    if (list[n - 1] - list[0] == n - 1) return add_run(list[0], n, sums);
    const Place at = place_of(0);
    sum_kernel_->listed(n, list, at.in, at.partials, sums);
  }

  // On the stack, or where rows are long in memory that the thread keeps.
  void open(Scratch& scratch) const {
    const Index longest = kernel_.row_inputs != 0 ? kRowBlock * row_ : std::min(numel_, kBlock);
    Real* next = scratch.stack.data();
    const auto needed = static_cast<std::size_t>(2 * longest) * kernel_.inputs;
    if (needed > scratch.stack.size()) {
      thread_local std::vector<Real> large;
      if (large.size() < needed) large.resize(needed);
      next = large.data();
    }
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Input& input = inputs_[k];
      scratch.values[k] = next;
      scratch.gradients[k] = next + longest;
      next += 2 * longest;
      const bool is_one_number = input.layout == Layout::uniform && !has_rows(k);
      if (is_one_number && !is_uniform(k)) std::fill_n(scratch.values[k], longest, *input.values);
    }
  }

  // Rows are always walked by the list.
  bool walks_list(const MaskBytes& mask) const {
    return kernel_.row_inputs != 0 || pays_to_list(mask, kernel_.inputs, sum_kernel_);
  }

  void run_blocks() {
    const MaskBytes* mask = visible_.bytes().get();
    const bool rowwise = kernel_.row_inputs != 0;
    const detail::ElementBlocks blocks(numel_, mask, mask != nullptr && walks_list(*mask),
                                       rowwise ? kRowBlock : kBlock);
    const Index nanoseconds = blocks.elements() * (rowwise ? 2 * row_ : 2);
    sums_ = detail::sum_blocks<Scratch>(
        blocks.size(), can_share_work() ? nanoseconds : 0, [&](Scratch& scratch) { open(scratch); },
        [&](Index b, Scratch& scratch) {
          blocks.visit(b, [&](const Block& block) { compute(block, scratch); });
        });
  }

  // Whether no two elements write to one derivative.
  bool can_share_work() const {
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      if (inputs_[k].partial != nullptr && inputs_[k].reduced && !is_uniform(k)) return false;
    }
    return true;
  }

  void open_partials(Node& out) {
    Tape& tape = Tape::current();
    DensityRecord& record = open_record(out, kernel_, total_, elements_, visible_);
    record.row_inputs = kernel_.row_inputs;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      Input& input = inputs_[k];
      record.row[k] = input.row;
      if (!input.node->requires_grad) continue;
      const bool is_reduced = total_ && input.layout != Layout::full;
      const Index n = is_reduced ? input.node->numel : numel_ * input.row;
      Real*& partial = record.partial[k];
      if (!is_reduced && n == input.node->numel) partial = claim_room(*input.node);
      if (partial == nullptr) partial = tape.allocate_reals(n);
    }
    use_partials(record);
  }

  void use_partials(DensityRecord& record) {
    record_ = &record;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      Input& input = inputs_[k];
      input.partial = record.partial[k];
      if (input.partial == nullptr) continue;
      input.reduced = total_ && input.layout != Layout::full;
      if (input.reduced) std::fill_n(input.partial, input.node->numel, Real{0});
    }
  }

  void close_sums() {
    *out_ = static_cast<Real>(sums_.log_prob);
    for (std::size_t k = 1; k < kernel_.inputs; ++k) {
      Input& input = inputs_[k];
      if (is_uniform(k) && input.partial != nullptr) {
        *input.partial = static_cast<Real>(sums_.partial[k]);
      }
    }
  }

  void compute(const Block& block, Scratch& scratch) const {
    const Real* in[kMaxInputs];
    Real* partials[kMaxInputs];
    bool scatters[kMaxInputs];
    std::array<Index, kBlock> offsets;
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      const Input& input = inputs_[k];
      if (is_uniform(k)) {
        in[k] = input.values;
        partials[k] = nullptr;
        scatters[k] = false;
        continue;
      }
      const bool in_place = input.layout == Layout::full && block.list == nullptr && !has_rows(k);
      in[k] = in_place ? input.values + block.begin : gather(k, block, scratch, offsets.data());
      scatters[k] = input.partial != nullptr && !(in_place && !input.reduced);
      partials[k] = input.partial == nullptr ? nullptr
                    : scatters[k]            ? scratch.gradients[k]
                                             : input.partial + block.begin;
    }
    if (sum_kernel_ != nullptr) {
      const bool is_masked = block.kept != nullptr;
      if (is_masked) widen(block, scratch.wide.data());
      const auto add = sum_kernel_->block(wants_partials(), partials[0] != nullptr, is_masked);
      add(block.n, in, scratch.wide.data(), partials, scratch.sums);
    } else {
      compute_elements(block, in, partials, scratch);
    }
    for (std::size_t k = 0; k < kernel_.inputs; ++k) {
      if (scatters[k]) scatter(k, block, scratch.gradients[k], offsets.data());
    }
  }

  void compute_elements(const Block& block, const Real* const* in, Real* const* partials,
                        Scratch& scratch) const {
    Real results[kBlock];
    Real* out =
        !total_ && block.list == nullptr && block.kept == nullptr ? out_ + block.begin : results;
    (wants_partials() ? kernel_.with_partials : kernel_.value_only)(block.n, row_, in, out,
                                                                    partials);
    if (total_) {
      scratch.sums.log_prob += sum_of(results, block);
    } else if (out == results) {
      for (Index i = 0; i < block.n; ++i) {
        if (block.kept == nullptr || block.kept[i] != 0) out_[block[i]] = results[i];
      }
    }
  }

  // Where each element of the block stands in a strided input.
  void find_offsets(const Input& input, const Block& block, Index* offsets) const {
    if (input.layout != Layout::strided) {
      for (Index i = 0; i < block.n; ++i) {
        offsets[i] = input.layout == Layout::full ? block[i] : 0;
      }
      return;
    }
    const detail::BroadcastPlan<1> plan(elements_, {&input.shape});
    for (Index i = 0; i < block.n; ++i) offsets[i] = plan.offsets_at(block[i])[0];
  }

  const Real* gather(std::size_t k, const Block& block, Scratch& scratch, Index* offsets) const {
    const Input& input = inputs_[k];
    const Real* from = input.values;
    Real* to = scratch.values[k];
    if (has_rows(k)) {
      find_offsets(input, block, offsets);
      if (block.list != nullptr && input.layout == Layout::full) {
        for (Index i = block.n; i < std::min(2 * block.n, block.n + block.coming); ++i) {
          const Real* row = from + block.list[i] * input.row;
          __builtin_prefetch(row);
          __builtin_prefetch(row + input.row - 1);
        }
      }
      for (Index i = 0; i < block.n; ++i) {
        const Real* row = from + offsets[i] * input.row;
        for (Index c = 0; c < input.row; ++c) to[c * block.n + i] = row[c];
      }
    } else if (input.layout == Layout::full) {
      for (Index i = 0; i < block.n; ++i) to[i] = from[block.list[i]];
    } else if (input.layout == Layout::strided) {
      find_offsets(input, block, offsets);
      for (Index i = 0; i < block.n; ++i) to[i] = from[offsets[i]];
    }
    return to;
  }

  void scatter(std::size_t k, const Block& block, const Real* from, Index* offsets) const {
    const Input& input = inputs_[k];
    if (input.layout == Layout::uniform && input.reduced && !has_rows(k)) {
      *input.partial += sum_of(from, block);
      return;
    }
    if (input.reduced || has_rows(k)) {
      const Input as_elements{nullptr, nullptr, input.row, elements_, Layout::full, nullptr, false};
      find_offsets(input.reduced ? input : as_elements, block, offsets);
      for (Index i = 0; i < block.n; ++i) {
        if (block.kept != nullptr && block.kept[i] == 0) continue;
        Real* to = input.partial + offsets[i] * input.row;
        for (Index c = 0; c < input.row; ++c) {
          to[c] = input.reduced ? to[c] + from[c * block.n + i] : from[c * block.n + i];
        }
      }
      return;
    }
    if (block.list != nullptr) {
      for (Index i = 0; i < block.n; ++i) input.partial[block.list[i]] = from[i];
      return;
    }
    for (Index i = 0; i < block.n; ++i) {
      if (block.kept == nullptr || block.kept[i] != 0) input.partial[block.begin + i] = from[i];
    }
  }

  const Kernel& kernel_;
  std::span<Node* const> nodes_;
  const Shape& elements_;
  const Mask& visible_;
  bool total_;
  DensityRecord* record_ = nullptr;  // where derivatives are wanted
  Index numel_;
  Index row_ = 1;
  const SumKernel* sum_kernel_ = nullptr;
  bool is_listed_ = false;  // elements of a list can be done where they stand
  Real* out_ = nullptr;
  Sums sums_;
  std::array<Input, kMaxInputs> inputs_;
};

}  // namespace

void WholeCall::run(Index n, std::span<Node* const> inputs, DensityRecord* record,
                    Real* out) const {
  static constexpr std::array<Real*, kMaxInputs> kNone{};
  Real* const* partial = record != nullptr ? record->partial.data() : kNone.data();
  if (record != nullptr) record->call = *this;
  const Real* in[kMaxInputs] = {};
  for (std::size_t k = 0; k < inputs.size(); ++k) in[k] = detail::values(*inputs[k]);
  if (one != nullptr) return one(1, 1, in, out, partial);
  const auto is_uniform = [&](std::size_t k) { return (uniform >> k & 1U) != 0; };
  Real* partials[kMaxInputs] = {};
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (!is_uniform(k)) partials[k] = partial[k];
  }
  Sums sums;
  sum(n, in, nullptr, partials, sums);
  *out = static_cast<Real>(sums.log_prob);
  for (std::size_t k = 1; k < inputs.size(); ++k) {
    if (is_uniform(k) && partial[k] != nullptr) *partial[k] = static_cast<Real>(sums.partial[k]);
  }
}

Tensor density(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements,
               const Mask& visible) {
  return Driver(kernel, inputs, elements, visible, false).run();
}

Tensor density_sum(const Kernel& kernel, std::span<Node* const> inputs, const Shape& elements,
                   const Mask& visible) {
  FewDriver few(kernel, inputs, elements);
  if (few.can_run(visible)) return few.run(visible);
  if (!visible.is_none() && is_of_expressions(kernel, inputs, elements)) {
    return density_sum_of_expressions(kernel, inputs, elements, visible);
  }
  return Driver(kernel, inputs, elements, visible, true).run();
}

}  // namespace ember::distributions

namespace ember::detail {

void forward_density(Node& n) {
  using namespace distributions;
  auto& record = *static_cast<DensityRecord*>(n.aux);
  const std::span<Node* const> operands(n.operands, static_cast<std::size_t>(n.operand_count));
  if (record.call.is_there()) {
    return record.call.run(n.operands[0]->numel, operands, &record, n.value);
  }
  const Mask visible = n.mask != nullptr
                           ? Mask::from_shared(record.elements, n.mask->shared_from_this())
                           : Mask::filled(record.elements, true);
  Driver(*record.kernel, operands, record.elements, visible, record.total).run_again(n);
}

}  // namespace ember::detail
