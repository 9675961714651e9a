// Sums of densities whose kernel reads and writes all where it stands. Nothing is prepared: for few
// elements that would cost more than what is computed.
#include <algorithm>

#include <ember/core/pieces.hpp>
#include <ember/distributions/density_work.hpp>

namespace ember::distributions {
namespace {

using detail::kBlock;
using detail::MaskBytes;

constexpr Index kStretch = 4 * kBlock;  // what a block costs by itself is little of it

class InPlace {
 public:
  explicit InPlace(const DensityWork& work) : work_(work) {}

  Sums all() const {
    const MaskBytes* mask = work_.visible.bytes().get();
    if (mask == nullptr) {
      return in_stretches(work_.numel,
                          [&](Index begin, Index n, Sums& to) { add_run(begin, n, to); });
    }
    if (const auto& runs = mask->runs(); !runs.empty()) {
      return add_up(std::ssize(runs), mask->kept(), [&](Index r, Sums& to) {
        const MaskBytes::Run& run = runs[static_cast<std::size_t>(r)];
        add_run(run.begin, run.n, to);
      });
    }
    const Index* list = mask->positions().data();
    return in_stretches(mask->kept(),
                        [&](Index begin, Index n, Sums& to) { add_listed(list + begin, n, to); });
  }

 private:
  struct Stretch {
    Sums sums;
  };

  template <class Add>
  static Sums add_up(Index stretches, Index elements, Add add) {
    return detail::sum_blocks<Stretch>(
        stretches, 2 * elements, [](Stretch&) {}, [&](Index s, Stretch& to) { add(s, to.sums); });
  }
  template <class Add>
  static Sums in_stretches(Index count, Add add) {
    if (count <= kStretch) {
      Sums sums;
      add(Index{0}, count, sums);
      return sums;
    }
    return add_up((count + kStretch - 1) / kStretch, count, [&](Index s, Sums& to) {
      add(s * kStretch, std::min(kStretch, count - s * kStretch), to);
    });
  }

  // Where inputs and derivatives of element number `first` stand.
  struct Place {
    const Real* in[kMaxInputs];
    Real* partials[kMaxInputs];
  };
  Place place_of(Index first) const {
    Place at;
    for (std::size_t k = 0; k < work_.kernel.inputs; ++k) {
      const DensityInput& input = work_.inputs[k];
      const bool is_one = work_.is_uniform(k);
      at.in[k] = is_one ? input.values : input.values + first;
      at.partials[k] = is_one || input.partial == nullptr ? nullptr : input.partial + first;
    }
    return at;
  }
  void add_run(Index begin, Index n, Sums& sums) const {
    const Place at = place_of(begin);
    work_.sum_kernel->block(work_.wants_partials(), at.partials[0] != nullptr, false)(
        n, at.in, nullptr, at.partials, sums);
  }
  void add_listed(const Index* list, Index n, Sums& sums) const {
    if (list[n - 1] - list[0] == n - 1) return add_run(list[0], n, sums);
    const Place at = place_of(0);
    work_.sum_kernel->listed(n, list, at.in, at.partials, sums);
  }

  const DensityWork& work_;
};

}  // namespace

// The kernel has room for a block of derivatives that nobody wants.
bool is_in_place(const DensityWork& work) {
  if (work.sum_kernel == nullptr) return false;
  const MaskBytes* mask = work.visible.bytes().get();
  const bool has_runs = mask != nullptr && !mask->runs().empty();
  if (mask != nullptr && !has_runs) return work.is_listed && work.walks_list(*mask);
  const Index longest = has_runs ? kBlock : work.numel;
  for (std::size_t k = 0; k < work.kernel.inputs; ++k) {
    if (work.is_uniform(k)) continue;
    const bool is_wanted = k == 0 || !work.wants_partials() || work.inputs[k].partial != nullptr;
    if (work.inputs[k].layout != Layout::full || (!is_wanted && longest > kBlock)) return false;
  }
  return true;
}

Sums add_in_place(const DensityWork& work) { return InPlace(work).all(); }

WholeCall whole_call(const DensityWork& work) {
  const Kernel& kernel = work.kernel;
  if (work.numel == 1 && kernel.row_inputs == 0) {
    return {work.wants_partials() ? kernel.with_partials : kernel.value_only, nullptr, 0};
  }
  if (work.visible.bytes() || work.numel > kStretch || !is_in_place(work)) return {};
  const bool wants_by_value = work.inputs[0].partial != nullptr;
  return {nullptr, work.sum_kernel->block(work.wants_partials(), wants_by_value, false),
          work.sum_kernel->uniform << 1U};
}

}  // namespace ember::distributions
