#include <ember/distributions/checks_again.hpp>

#include <ember/core/error.hpp>
#include <ember/core/rerun.hpp>

namespace ember::detail {

void keep_check(const Constraint& constraint, const Tensor& x, const Mask& visible) {
  Rerun* rerun = Rerun::current();
  if (rerun == nullptr) return;
  rerun->note_check([kind = constraint.kind(), reinterpreted = constraint.reinterpreted(),
                     lower = rerun->refer(constraint.lower()),
                     upper = rerun->refer(constraint.upper()), x = rerun->refer(x), visible] {
    try {
      const Constraint again(kind, lower.get(), upper.get());
      check_visible(again.independent(reinterpreted), x.get(), visible, "", "");
      return true;
    } catch (const Error&) {
      return false;  // the program is run, and says more of it
    }
  });
}

void keep_check(Constraint::Kind kind, const Tensor& x, const Mask& visible) {
  Rerun* rerun = Rerun::current();
  if (rerun == nullptr) return;
  rerun->note_check(
      [kind, x = rerun->refer(x), visible] { return Constraint::holds(kind, x.get(), visible); });
}

}  // namespace ember::detail
