// Errors of the operators name who, and the shapes concerned; the exact words.
#include <ember/core/error.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>

#include <functional>
#include <limits>

#include "catch.hpp"
#include "error_samples.hpp"
#include "support.hpp"

using namespace ember;

namespace {

const std::string kAxes = " does not exist; axes run from -2 to 1";

void check(const std::function<void()>& f, const std::string& expected) {
  CHECK(error_of(f) == expected);
  CHECK_FALSE(detail::Tape::current().recording());
}

}  // namespace

TEST_CASE("a shape error names the operation and both shapes") {
  const Tensor a = zeros({2, 3});
  const Tensor b = zeros({4, 5});
  const Mask mask = Mask::filled({4, 5}, true);
  struct Call {
    const char* who;
    std::function<void()> f;
  };
  const std::vector<Call> calls{
      {"+", [&] { a + b; }},
      {"-", [&] { a - b; }},
      {"*", [&] { a* b; }},
      {"/", [&] { a / b; }},
      {"pow", [&] { pow(a, b); }},
      {"<", [&] { (void)(a < b); }},
      {"<=", [&] { (void)(a <= b); }},
      {">", [&] { (void)(a > b); }},
      {">=", [&] { (void)(a >= b); }},
      {"==", [&] { (void)(a == b); }},
      {"!=", [&] { (void)(a != b); }},
      {"where", [&] { where(Mask(true), a, b); }},
      {"where", [&] { where(mask, a, 0); }},
      {"matmul", [&] { matmul(a, b); }},
      {"matmul",
       [&] {
         matmul(zeros({2, 3, 3}), zeros({4, 3, 5}));
       }},
      {"reshape",
       [&] {
         reshape(a, {4, 5});
       }},
      {"expand",
       [&] {
         expand(a, {4, 5});
       }},
      {"gather", [&] { gather(a, 0, b); }},
      {"concatenate",
       [&] {
         concatenate({a, b}, 0);
       }},
      {"stack",
       [&] {
         stack({a, b}, 0);
       }},
  };
  for (const Call& call : calls) {
    INFO(call.who);
    try {
      call.f();
      FAIL("no error");
    } catch (const Error& error) {
      const std::string text = error.what();
      CAPTURE(text);
      CHECK(text.rfind(call.who, 0) == 0);
      CHECK(text.find("(2, 3") != std::string::npos);
      CHECK(text.find("(4, ") != std::string::npos);
    }
  }
}

TEST_CASE("an axis or an index that does not exist is an error that names them") {
  const Tensor a = zeros({2, 3});
  const std::vector<std::pair<const char*, std::function<void()>>> calls{
      {"sum", [&] { sum(a, 2); }},
      {"mean", [&] { mean(a, -3); }},
      {"max", [&] { max(a, 2); }},
      {"logsumexp", [&] { logsumexp(a, 2); }},
      {"softmax", [&] { softmax(a, 2); }},
      {"log_softmax", [&] { log_softmax(a, 2); }},
      {"cumsum", [&] { cumsum(a, 2); }},
      {"slice", [&] { slice(a, 1, 0, 4); }},
      {"slice", [&] { slice(a, 1, 2, 1); }},
      {"select", [&] { select(a, 1, 3); }},
      {"index_select",
       [&] {
         index_select(a, 1, {0, 3});
       }},
      {"gather",
       [&] {
         gather(a, 1, tensor({{3}, {0}}));
       }},
      {"concatenate", [&] { concatenate({a}, 2); }},
      {"stack", [&] { stack({a}, 3); }},
      {"mean",
       [&] {
         mean(zeros({2, 3, 0}));
       }},
      {"max",
       [&] {
         max(zeros({2, 3, 0}), 2);
       }},
  };
  for (const auto& [who, f] : calls) {
    INFO(who);
    try {
      f();
      FAIL("no error");
    } catch (const Error& error) {
      const std::string text = error.what();
      CAPTURE(text);
      CHECK(text.rfind(who, 0) == 0);
      CHECK(text.find("(2, 3") != std::string::npos);
    }
  }
  CHECK_THROWS_AS(transpose(zeros({3})), Error);
  CHECK_THROWS_AS(matmul(a, 2), Error);
  CHECK_THROWS_AS(concatenate({}, 0), Error);
}

TEST_CASE("wrong shapes in element-wise operators") {
  const std::string shapes = ": shapes (3, 2) and (4,)" + kBroadcast;
  check([] { kMatrix + kFour; }, "+" + shapes);
  check([] { kMatrix - kFour; }, "-" + shapes);
  check([] { kMatrix* kFour; }, "*" + shapes);
  check([] { kMatrix / kFour; }, "/" + shapes);
  check([] { pow(kMatrix, kFour); }, "pow" + shapes);
  check([] { maximum(kMatrix, kFour); }, "maximum" + shapes);
  check([] { minimum(kMatrix, kFour); }, "minimum" + shapes);
  check([] { static_cast<void>(kMatrix < kFour); }, "<" + shapes);
  check([] { where(kTwoSeen, kThree, 0); }, "where: shapes (2,) and (3,)" + kBroadcast);
  check(
      [] {
        kTwoSeen& mask_of({true, true, true});
      },
      "mask & mask: shapes (2,) and (3,)" + kBroadcast);
  check([] { exp(Tensor()); },
        "tensor: an undefined tensor was used; give it a value first: defined() tells");
}

TEST_CASE("wrong shapes and axes in reductions and selections") {
  check([] { sum(kMatrix, 3); }, "sum: axis 3 of shape (3, 2)" + kAxes);
  check([] { mean(kMatrix, 3); }, "mean: axis 3 of shape (3, 2)" + kAxes);
  check([] { max(kMatrix, -3); }, "max: axis -3 of shape (3, 2)" + kAxes);
  check([] { logsumexp(kMatrix, 5); }, "logsumexp: axis 5 of shape (3, 2)" + kAxes);
  check([] { softmax(kMatrix, 5); }, "softmax: axis 5 of shape (3, 2)" + kAxes);
  check([] { cumsum(kMatrix, 4); }, "cumsum: axis 4 of shape (3, 2)" + kAxes);
  check([] { sort(kMatrix, 4); }, "sort: axis 4 of shape (3, 2)" + kAxes);
  check([] { select(kMatrix, 0, 7); },
        "select: index 7 is outside of axis 0 of shape (3, 2); indices run from -3 to 2");
  check([] { kMatrix.slice(0, 2, 9); },
        "slice: from 2 to 9 of axis 0 of shape (3, 2); 0 <= begin <= end <= 3");
  check(
      [] {
        index_select(kMatrix, 0, {0, 3});
      },
      "index_select: index 3 is outside of axis 0 of shape (3, 2); indices run from -3 to 2");
  check([] { gather(kMatrix, 0, zeros({1})); },
        "gather: index of shape (1,) does not fit a tensor of shape (3, 2); on all axes but 0 the "
        "sizes must agree");
  check(
      [] {
        kMatrix.at({5, 0});
      },
      "at: index 5 is outside of axis 0 of shape (3, 2); indices run from -3 to 2");
  check([] { kMatrix.item(); },
        "item: a tensor of shape (3, 2) has 6 elements, not one; use at({...}) or reduce it first");
}

TEST_CASE("an axis that does not exist") {
  const std::vector<std::pair<const char*, std::function<void(Index)>>> calls{
      {"sum", [](Index a) { sum(kMatrix, a); }},
      {"mean", [](Index a) { mean(kMatrix, a); }},
      {"prod", [](Index a) { prod(kMatrix, a); }},
      {"max", [](Index a) { max(kMatrix, a); }},
      {"min", [](Index a) { min(kMatrix, a); }},
      {"argmax", [](Index a) { argmax(kMatrix, a); }},
      {"argmin", [](Index a) { argmin(kMatrix, a); }},
      {"logsumexp", [](Index a) { logsumexp(kMatrix, a); }},
      {"logsumexp",
       [](Index a) {
         logsumexp(kMatrix, {0, a});
       }},
      {"softmax", [](Index a) { softmax(kMatrix, a); }},
      {"log_softmax", [](Index a) { log_softmax(kMatrix, a); }},
      {"cumsum", [](Index a) { cumsum(kMatrix, a); }},
      {"var", [](Index a) { var(kMatrix, a); }},
      {"stddev", [](Index a) { stddev(kMatrix, a); }},
      {"norm", [](Index a) { norm(kMatrix, a); }},
      {"sort", [](Index a) { sort(kMatrix, a); }},
      {"argsort", [](Index a) { argsort(kMatrix, a); }},
      {"quantile", [](Index a) { quantile(kMatrix, Real(0.5), a); }},
      {"squeeze", [](Index a) { squeeze(kMatrix, a); }},
      {"any", [](Index a) { any(kMatrix > 0, a); }},
      {"all", [](Index a) { all(kMatrix > 0, a); }},
      {"select", [](Index a) { select(kMatrix, a, 0); }},
      {"slice", [](Index a) { slice(kMatrix, a, 0, 1); }},
      {"gather", [](Index a) { gather(kMatrix, a, kMatrix); }},
      {"index_select", [](Index a) { index_select(kMatrix, a, {0}); }},
      {"index_select", [](Index a) { index_select(kMatrix > 0, a, std::vector<Index>{0}); }},
      {"concatenate",
       [](Index a) {
         concatenate({kMatrix, kMatrix}, a);
       }},
      {"permute",
       [](Index a) {
         permute(kMatrix, {0, a});
       }},
  };
  for (const auto& [who, f] : calls) {
    for (Index axis : {Index{2}, Index{-3}}) {
      check([&, &call = f] { call(axis); },
            std::string(who) + ": axis " + std::to_string(axis) + " of shape (3, 2)" + kAxes);
    }
  }
  check([] { unsqueeze(kMatrix, 3); },
        "unsqueeze: shape (3, 2) can't get axis 3; axes run from -3 to 2");
  check([] { unsqueeze(kMatrix, -4); },
        "unsqueeze: shape (3, 2) can't get axis -4; axes run from -3 to 2");
  check([] { argmax(Tensor(1), 0); },
        "argmax: axis 0 of shape () does not exist; a scalar has no axes");
}

TEST_CASE("an axis that is named twice") {
  const std::vector<std::pair<const char*, std::function<void(const Axes&, bool)>>> calls{
      {"sum", [](const Axes& a, bool keep) { sum(kMatrix, a, keep); }},
      {"mean", [](const Axes& a, bool keep) { mean(kMatrix, a, keep); }},
      {"prod", [](const Axes& a, bool keep) { prod(kMatrix, a, keep); }},
      {"max", [](const Axes& a, bool keep) { max(kMatrix, a, keep); }},
      {"min", [](const Axes& a, bool keep) { min(kMatrix, a, keep); }},
      {"logsumexp", [](const Axes& a, bool keep) { logsumexp(kMatrix, a, keep); }},
      {"var", [](const Axes& a, bool keep) { var(kMatrix, a, keep); }},
      {"stddev", [](const Axes& a, bool keep) { stddev(kMatrix, a, keep); }},
      {"norm", [](const Axes& a, bool keep) { norm(kMatrix, a, keep); }},
  };
  for (const auto& [who, f] : calls) {
    for (bool keepdim : {false, true}) {
      check(
          [&, &call = f] {
            call({0, 0}, keepdim);
          },
          std::string(who) + ": axes {0, 0} of shape (3, 2); name each axis once");
      check(
          [&, &call = f] {
            call({1, 0, -1}, keepdim);
          },
          std::string(who) + ": axes {1, 0, -1} of shape (3, 2); name each axis once");
    }
  }
}

TEST_CASE("nothing to reduce, and what is no quantile, bound or class") {
  const auto empty = [](auto f) { return [f] { f(zeros({0, 2})); }; };
  const std::string kRemedy = "; reduce an axis that has some, or leave empty groups out before";
  const std::string none = ": shape (0, 2) has no elements to choose from" + kRemedy;
  check(empty([](const Tensor& x) { max(x, 0); }), "max" + none);
  check(empty([](const Tensor& x) { min(x); }), "min" + none);
  check(empty([](const Tensor& x) { argmax(x, 0); }), "argmax" + none);
  check(empty([](const Tensor& x) { argmin(x, 0); }), "argmin" + none);
  check(empty([](const Tensor& x) { mean(x, 0); }),
        "mean: shape (0, 2) has no elements to average" + kRemedy);
  check(empty([](const Tensor& x) { quantile(x, Real(0.5), 0); }),
        "quantile: axis 0 of shape (0, 2) has no elements; take an axis that has some");
  const std::string few =
      " in each group, and the correction is 1; there must be more elements than that; a "
      "correction of 0 takes one";
  check(empty([](const Tensor& x) { var(x, 0); }), "var: shape (0, 2) has 0 elements" + few);
  check([] { var(zeros({1, 2}), 0); }, "var: shape (1, 2) has 1 element" + few);
  check([] { stddev(zeros({1, 2}), 0); }, "stddev: shape (1, 2) has 1 element" + few);
  check([] { stddev(kMatrix, 0, false, 3); },
        "stddev: shape (3, 2) has 3 elements in each group, and the correction is 3; there must be "
        "more elements than that; a correction of 0 takes one");
  check([] { quantile(kMatrix, Real(-0.5), 0); }, "quantile: q is -0.5; it is between 0 and 1");
  check([] { quantile(kMatrix, kNan, 0); }, "quantile: q is nan; it is between 0 and 1");
  check([] { clamp(kMatrix, 2, 1); },
        "clamp: the bounds 2 and 1 enclose nothing; the first is the lower one");
  check([] { one_hot(kThree, 0); }, "one_hot: 0 classes; there is at least one");
  check(
      [] {
        one_hot(tensor({0, 3}), 3);
      },
      "one_hot: index 3 is none of 3 classes; they are numbered from 0");
  check([] { one_hot(tensor({Real(0.5)}), 3); },
        "indices: index 0.5 is not a whole number; indices are integers");
}

TEST_CASE("wrong shapes and indices of masks") {
  check([] { kTwoSeen.reshape({3}); },
        "Mask::reshape: shape (2,) has 2 elements, (3,) has 3; the number of elements must stay");
  check([] { mask_of({true}).reshape({0}); },
        "Mask::reshape: shape (1,) has 1 element, (0,) has 0; the number of elements must stay");
  check([] { kTwoSeen.broadcast_to({3}); },
        "Mask::broadcast_to: mask of shape (2,) does not broadcast to (3,); axes are matched from "
        "the right; those that grow are of size 1 or absent");
  check(
      [] {
        index_select(kTwoSeen, 0, std::vector<Index>{0, 2});
      },
      "index_select: index 2 is outside of axis 0 of shape (2,); indices run from 0 to 1");
  check([] { kTwoSeen.at({2}); },
        "Mask::at: index 2 is outside of axis 0 of shape (2,); indices run from 0 to 1");
  check([] { kTwoSeen.at({0, 0}); }, "Mask::at: 2 indices for shape (2,); give one an axis");
  check(
      [] {
        kTwoSeen | mask_of({true, true, true});
      },
      "mask | mask: shapes (2,) and (3,)" + kBroadcast);
  check(
      [] {
        mask_at({3, 2}, {{0, 1}});
      },
      "mask_at: 1 list of indices for shape (3, 2); each axis has one");
  check(
      [] {
        mask_at({3, 2}, {{0, 1}, {0}});
      },
      "mask_at: axis 1 has 1 index where axis 0 has 2; each coordinate needs an index an axis");
  check(
      [] {
        mask_at({3, 2}, {{0, 1}, {0, 2}});
      },
      "mask_at: index 2, number 1 of its list, is outside of axis 1 of shape (3, 2); indices run "
      "from 0 to 1");
  check([] { mask_at({0}, {{0}}); },
        "mask_at: index 0, number 0 of its list, is outside of axis 0 of shape (0,); the axis is "
        "empty");
}

TEST_CASE("wrong shapes in shaping and linear algebra") {
  check([] { kMatrix.reshape({5}); },
        "reshape: shape (3, 2) has 6 elements, (5,) has 5; the number of elements must stay");
  check(
      [] {
        kThree.expand({2, 2});
      },
      "expand: shape (3,) does not broadcast to (2, 2); axes are matched from the right; those "
      "that grow are of size 1 or absent");
  check(
      [] {
        concatenate({kMatrix, kFour}, 0);
      },
      "concatenate: shapes (3, 2) and (4,) can't be joined along axis 0; all other sizes must "
      "agree");
  check(
      [] {
        stack({kMatrix, kFour}, 0);
      },
      "stack: shapes (3, 2) and (4,) differ; all must be equal");
  check([] { transpose(kThree); },
        "transpose: shape (3,) has fewer than two axes; reshape it first");
  check(
      [] {
        permute(kMatrix, {0, 0});
      },
      "permute: axes {0, 0} of shape (3, 2); name each axis once");
  check([] { matmul(kMatrix, kFour); },
        "matmul: shapes (3, 2) and (4,) do not fit; the last axis of the first must be as long as "
        "the last but one of the second");
  check(
      [] {
        cholesky(zeros({2, 3}));
      },
      "cholesky: shape (2, 3) holds no square matrices; the last two axes must be equally long");
  check(
      [] {
        triangular_solve(zeros({2, 2}), kThree);
      },
      "triangular_solve: shapes (2, 2) and (3, 1) do not fit; a has as many rows as b");
  const std::string vectors = "; both must be vectors; matmul takes batches";
  check([] { outer(kMatrix, kFour); }, "outer: shapes (3, 2) and (4,)" + vectors);
  check([] { outer(kFour, Tensor(1)); }, "outer: shapes (4,) and ()" + vectors);
  check([] { dot(kMatrix, kFour); }, "dot: shapes (3, 2) and (4,)" + vectors);
  check(
      [] {
        diag(zeros({2, 2, 2}));
      },
      "diag: shape (2, 2, 2) is neither a vector nor a matrix; say which is meant: diag_embed or "
      "diagonal");
  check([] { diag_embed(Tensor(1)); },
        "diag_embed: a scalar has no axis to put on a diagonal; reshape it");
  const std::string axes = ": shape (3,) has fewer than two axes; reshape it first";
  check([] { diagonal(kThree); }, "diagonal" + axes);
  check([] { tril(kThree); }, "tril" + axes);
  check([] { triu(kThree); }, "triu" + axes);
  check([] { squeeze(kMatrix, -1); },
        "squeeze: axis -1 of shape (3, 2) is not of size 1; select one of its indices, or reshape");
  check([] { kMatrix.at({1}); }, "at: 1 index for a tensor of shape (3, 2); give one an axis");
  check([] { dot(kThree, kFour); }, "dot: shapes (3,) and (4,); they must have one length");
}
