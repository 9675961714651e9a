// Where an adjoint can be other than 0: what several contributions make of it.
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

#include <limits>

#include "catch.hpp"

using namespace ember;
using detail::Node;
using detail::Recording;

namespace {

const Real kNaN = std::numeric_limits<Real>::quiet_NaN();

// A buffer of the tape that holds x where a mask is true, NaN elsewhere.
Real* buffer(const Mask& mask, Real x) {
  Real* numbers = detail::Tape::current().allocate_reals(mask.numel());
  for (Index i = 0; i < mask.numel(); ++i) numbers[i] = mask.at({i}) ? x : kNaN;
  return numbers;
}

void give(Node& node, const Mask& mask, Real x) {
  detail::hand_over(node, buffer(mask, x), detail::as_reach(mask));
}

Mask list(const Mask& mask) {
  return Mask::from_positions(mask.shape(), mask.bytes()->positions());
}

}  // namespace

TEST_CASE("a contribution within the reach leaves it; another widens it") {
  const Mask most = mask_of({true, true, true, false, true, true});
  const Mask some = mask_of({true, false, true, false, false, true});
  const Mask other = mask_of({true, false, false, true, false, false});
  for (const bool is_list : {false, true}) {
    const auto as = [&](const Mask& mask) { return is_list ? list(mask) : mask; };
    const Recording recording;
    const Tensor x = Recording::leaf(zeros({6}));
    Node& node = x.node();
    give(node, most, 1);
    const detail::MaskBytes* reach = node.reach;
    give(node, as(some), 10);
    CHECK(node.reach == reach);
    give(node, as(other), 100);
    CHECK(detail::reach_of(node).is_all());
    const std::vector<Real> sum(node.adjoint, node.adjoint + 6);
    CHECK(sum == std::vector<Real>{111, 1, 11, 100, 1, 11});
  }
  const Recording recording;
  const Tensor x = Recording::leaf(zeros({6}));
  Node& node = x.node();
  give(node, some, 1);
  give(node, most, 10);  // as many and more
  CHECK(detail::reach_of(node) == most);
  for (const Index i : {0, 1, 2, 4, 5}) {
    CHECK(node.adjoint[i] == (some.at({i}) ? 11 : 10));
  }
}
