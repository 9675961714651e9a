#include <cstdio>

#include <ember/ember.hpp>
#ifdef USES_EIGEN
#include <Eigen/Dense>
#include <ember/eigen.hpp>
#endif

int main() {
  ember::Tensor x = ember::sample("x", ember::distributions::Normal(0, 1), {.obs = 0.5});
#ifdef USES_EIGEN
  // A product in Eigen here, one in the library: both must be right in one program.
  const Eigen::MatrixXd a = Eigen::MatrixXd::Random(33, 33);
  const ember::Tensor t = ember::from_eigen(a);
  const ember::Tensor product = ember::matmul(t, t);
  if (!(a * a).isApprox(product.matrix().cast<double>(), 1e-5)) return 1;
#endif
  std::printf("x = %g\n", static_cast<double>(x.item()));
  return x.item() == ember::Real(0.5) ? 0 : 1;
}
