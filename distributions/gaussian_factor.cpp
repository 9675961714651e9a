#include <ember/distributions/gaussian_factor.hpp>

#include <limits>

#include <ember/core/operators.hpp>
#include <ember/distributions/family.hpp>

namespace ember::distributions {
namespace {

using Form = GaussianFactor::Form;

const Parameter& matrix_of(const Family& f) { return f.parameters()[1]; }

Form form_of(const Family& f) {
  return static_cast<Form>(matrix_of(f).info - f.info().parameters.data() - 1);
}

Tensor without_bad_members(const Family& f) {
  const Tensor& matrix = matrix_of(f).value;
  const Mask good = Constraint(matrix_of(f).info->kind).check(matrix);
  if (good.is_all()) return matrix;
  return where(good.unsqueeze_right(2), matrix, std::numeric_limits<Real>::quiet_NaN());
}

}  // namespace

GaussianFactor::GaussianFactor(const Tensor& matrix, Form form)
    : l_(form == Form::scale_tril ? matrix : cholesky(matrix)),
      is_precision_(form == Form::precision_matrix) {
  // one matrix for all is no batch of one: its systems are solved together
  if (l_.numel() == size() * size()) l_ = l_.reshape({size(), size()});
}

GaussianFactor::GaussianFactor(const Family& f)
    : GaussianFactor(without_bad_members(f), form_of(f)) {}

Tensor GaussianFactor::whiten(const Tensor& columns) const {
  return is_precision_ ? matmul(transpose(l_), columns) : triangular_solve(l_, columns);
}
Tensor GaussianFactor::color(const Tensor& columns) const {
  return is_precision_ ? triangular_solve(l_, columns, {.transpose = true})
                       : matmul(tril(l_), columns);
}

template <class F>
Tensor GaussianFactor::each_row(const Tensor& rows, F f) const {
  const Shape& shape = rows.shape();
  if (l_.shape().rank() == 2) {
    const Tensor columns = transpose(rows.reshape({shape.numel() / size(), size()}));
    return transpose(f(columns)).reshape(shape);
  }
  const Tensor result = f(rows.reshape(concatenate(shape, Shape{1})));
  return result.reshape(result.shape().first(result.shape().rank() - 1));
}
Tensor GaussianFactor::whiten_rows(const Tensor& rows) const {
  return each_row(rows, [&](const Tensor& columns) { return whiten(columns); });
}
Tensor GaussianFactor::color_rows(const Tensor& rows) const {
  return each_row(rows, [&](const Tensor& columns) { return color(columns); });
}

Tensor GaussianFactor::half_log_det() const {
  const Tensor half = sum(log(diagonal(l_)), -1);
  return is_precision_ ? -half : half;
}

Tensor GaussianFactor::variance() const { return sum(square(color(eye(size()))), -1); }

}  // namespace ember::distributions
