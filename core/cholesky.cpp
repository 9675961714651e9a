// The Cholesky factor, one batch member at a time. Backward touches the members that are reached.
#include <Eigen/Cholesky>

#include <algorithm>
#include <limits>

#include <ember/core/eigen_views.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/reach.hpp>

namespace ember {
namespace detail {
namespace {

Matrix symmetric(const View& s) { return (s + s.transpose()) / 2; }

// The order of the smallest leading minor that is not positive; there is one.
Index failing_minor(const Matrix& s) {
  Index good = 0;
  Index bad = s.rows();
  while (bad - good > 1) {
    const Index middle = (good + bad) / 2;
    const Eigen::LLT<Matrix> llt(s.topLeftCorner(middle, middle));
    (llt.info() == Eigen::Success ? good : bad) = middle;
  }
  return bad;
}

// The index of batch member number `member`.
Shape index_of(Index member, const Shape& batch) {
  Shape index = batch;
  for (std::size_t a = batch.rank(); a-- > 0;) {
    index[a] = member % batch[a];
    member /= batch[a];
  }
  return index;
}

[[noreturn]] void not_positive_definite(const Shape& shape, Index member, const Matrix& s) {
  const Shape batch = shape.first(shape.rank() - 2);
  std::string text = "shape " + to_string(shape);
  if (batch.rank() > 0) text += ", batch member " + to_string(index_of(member, batch));
  fail("cholesky",
       text + ": the leading minor of order " + std::to_string(failing_minor(s)) +
           " is not positive, so that the matrix is not positive definite",
       "check that it is a covariance, or add a small multiple of eye(n); where a mask hides the "
       "member, put eye(n) in its place");
}

void factorise(Node& out, const Node& in) {
  const Index size = in.shape.from_right(1);
  for (Index at = 0; at < in.numel; at += size * size) {
    const View member(values(in) + at, size, size);
    MutableView l(out.value + at, size, size);
    if (member.allFinite()) {
      l = (member + member.transpose()) / 2;
      Eigen::LLT<Eigen::Ref<Matrix>> llt(l);  // in place
      if (llt.info() != Eigen::Success) {
        not_positive_definite(in.shape, at / (size * size), symmetric(member));
      }
      l.triangularView<Eigen::StrictlyUpper>().setZero();
    } else {
      l.setConstant(std::numeric_limits<Real>::quiet_NaN());
      l.triangularView<Eigen::StrictlyUpper>().setZero();
    }
  }
}

}  // namespace

void forward_cholesky(Node& n) { factorise(n, *n.operands[0]); }

void backward_cholesky(Node& n) {
  Node& in = *n.operands[0];
  const Index size = n.shape.from_right(1);
  const auto is_reached = [&](Index i) { return n.reach == nullptr || (*n.reach)[i]; };
  // A member is reached where its lower triangle is.
  Bytes reached(static_cast<std::size_t>(in.numel));
  for (Index at = 0; at < in.numel; at += size * size) {
    bool any = false;
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j <= i; ++j) any = any || is_reached(at + i * size + j);
    }
    std::fill_n(reached.begin() + at, size * size, any ? 1 : 0);
  }
  const Bytes members = reached;
  Real* out = open_sum_at(in, std::move(reached));
  if (out == nullptr) return;
  Scratch g(size, size), p(size, size);
  for (Index at = 0; at < in.numel; at += size * size) {
    if (members[static_cast<std::size_t>(at)] == 0) continue;
    const View l(values(n) + at, size, size);
    for (Index i = 0; i < size; ++i) {
      for (Index j = 0; j < size; ++j) {
        const Index k = at + i * size + j;
        (*g)(i, j) = j <= i && is_reached(k) ? n.adjoint[k] : Real{0};
      }
    }
    // With P the lower triangle of L^T G, its diagonal halved: the symmetric part of L^-T P L^-1.
    p->noalias() = l.transpose() * *g;
    p->triangularView<Eigen::StrictlyUpper>().setZero();
    p->diagonal() /= 2;
    l.transpose().triangularView<Eigen::Upper>().solveInPlace(*p);
    l.triangularView<Eigen::Lower>().solveInPlace<Eigen::OnTheRight>(*p);
    MutableView(out + at, size, size) += (*p + p->transpose()) / 2;
  }
}

}  // namespace detail

Tensor cholesky(const Tensor& s) {
  using namespace detail;
  Node& in = s.node();
  const std::size_t rank = in.shape.rank();
  if (rank < 2 || in.shape[rank - 1] != in.shape[rank - 2]) {
    fail("cholesky", "shape " + to_string(in.shape) + " holds no square matrices",
         "the last two axes must be equally long");
  }
  Node* out = new_result(Op::cholesky, in.shape, {&in});
  Tensor result(out);
  factorise(*out, in);
  return result;
}

}  // namespace ember
