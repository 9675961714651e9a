// Tensors from Eigen's expressions, and Eigen's views of tensors.
#include <ember/core/operators.hpp>
#include <ember/core/tape.hpp>
#include <ember/eigen.hpp>

#include <limits>

#include "catch.hpp"

using namespace ember;

namespace {

template <class T>
concept HasMatrix = requires(T&& x) { static_cast<T&&>(x).matrix(); };
template <class T>
concept HasArray = requires(T&& x) { static_cast<T&&>(x).array(); };

template <class T>
concept MakesTensor = requires(const T& x) { tensor(x); };

bool same(const Tensor& a, const Tensor& b) { return a.shape() == b.shape() && (a == b).is_all(); }

}  // namespace

TEST_CASE("matrices, vectors and expressions of Eigen become tensors") {
  Eigen::MatrixXd m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  CHECK(same(from_eigen(m), tensor({{1, 2, 3}, {4, 5, 6}})));
  CHECK(same(from_eigen(m.transpose()), tensor({{1, 4}, {2, 5}, {3, 6}})));
  CHECK(same(from_eigen(2 * m), tensor({{2, 4, 6}, {8, 10, 12}})));
  CHECK(same(from_eigen(m.array() + 1), tensor({{2, 3, 4}, {5, 6, 7}})));
  CHECK(same(from_eigen(m.block(0, 1, 2, 2)), tensor({{2, 3}, {5, 6}})));
  CHECK(same(from_eigen(m * m.transpose()), tensor({{14, 32}, {32, 77}})));
  CHECK(same(from_eigen(m.row(1)), tensor({4, 5, 6})));
  CHECK(same(from_eigen(m.col(0).array() * 2), tensor({2, 8})));
  CHECK(same(from_eigen(Eigen::Vector3d(1, 2, 3)), tensor({1, 2, 3})));
  CHECK(same(from_eigen(Eigen::Matrix2d::Identity()), eye(2)));
  CHECK(same(from_eigen(Eigen::Vector2d(3, 4).asDiagonal()), tensor({{3, 0}, {0, 4}})));
  const Eigen::Matrix2d square = m.leftCols(2);
  CHECK(same(from_eigen(square.triangularView<Eigen::Lower>()), tensor({{1, 0}, {4, 5}})));
  CHECK(from_eigen(Eigen::MatrixXd(0, 3)).shape() == Shape{0, 3});
}

TEST_CASE("a matrix of Eigen is no range of numbers") {
  STATIC_REQUIRE_FALSE(MakesTensor<Eigen::MatrixXd>);
  STATIC_REQUIRE_FALSE(MakesTensor<Eigen::ArrayXXd>);
  STATIC_REQUIRE_FALSE(MakesTensor<Eigen::Map<Eigen::VectorXd, 0, Eigen::InnerStride<2>>>);
}

TEST_CASE("other scalars convert where Real holds them") {
  CHECK(same(from_eigen(Eigen::Vector2i(1, 2)), tensor({1, 2})));
  CHECK(same(from_eigen(Eigen::Vector2f(0.5F, 2)), tensor({0.5, 2})));
  Eigen::Matrix<std::int64_t, 1, 1> large;
  large << std::numeric_limits<std::int64_t>::max();
  CHECK_THROWS_AS(from_eigen(large), Error);
}

TEST_CASE("matrix() and array() show a tensor's numbers without a copy") {
  const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
  const auto m = x.matrix();
  CHECK(m.rows() == 2);
  CHECK(m.cols() == 3);
  CHECK(m.data() == x.data().data());
  CHECK(m(1, 0) == 4);
  CHECK(x.array()(0, 2) == 3);
  CHECK(x.array().data() == x.data().data());
  CHECK((m * m.transpose())(0, 1) == 32);
  CHECK((x.array() * 2).sum() == 42);

  const Tensor v = tensor({1, 2});
  CHECK(v.matrix().rows() == 2);
  CHECK(v.matrix().cols() == 1);
  const Tensor scalar = 7;
  CHECK(scalar.matrix()(0, 0) == 7);
  const Tensor cube = zeros({2, 2, 2});
  CHECK_THROWS_AS(cube.matrix(), Error);
}

TEST_CASE("a temporary has no view") {
  STATIC_REQUIRE(HasMatrix<Tensor&>);
  STATIC_REQUIRE(HasArray<const Tensor&>);
  STATIC_REQUIRE_FALSE(HasMatrix<Tensor>);
  STATIC_REQUIRE_FALSE(HasArray<Tensor>);
  STATIC_REQUIRE_FALSE(HasArray<const Tensor>);
}

TEST_CASE("a view of what is being recorded shows its numbers") {
  detail::Recording recording;
  const Tensor x = recording.leaf(tensor({1, 2, 3}));
  const Tensor y = 2 * x;
  CHECK(y.matrix().sum() == 12);
}
