#include <ember/distributions/dirichlet.hpp>

#include <ember/core/error.hpp>
#include <ember/distributions/beta_terms.hpp>
#include <ember/distributions/elementwise.hpp>
#include <ember/distributions/gamma_draw.hpp>
#include <ember/distributions/reflect.hpp>

BOOST_HANA_ADAPT_STRUCT(ember::distributions::Dirichlet::Params, concentration);

namespace ember::distributions {
namespace {

using Kind = Constraint::Kind;
constexpr auto kDirichletParameters = reflect::table<Dirichlet::Params>({{Kind::positive, 1}});

// d / d x_k = (a_k - 1) / x_k, d / d a_k = log x_k - digamma(a_k) + digamma(n), n = sum of a
template <bool Partials>
void rows(Index count, Index row, const Real* const* in, Real* out, Real* const* partials) {
  const Real* x = in[0];
  const Real* a = in[1];
  double n[kRowBlock], log_n[kRowBlock], total[kRowBlock], shared[kRowBlock];
  for (Index i = 0; i < count; ++i) n[i] = 0;
  for (Index c = 0; c < row; ++c) {
#pragma omp simd
    for (Index i = 0; i < count; ++i) n[i] += a[c * count + i];
  }
#pragma omp simd
  for (Index i = 0; i < count; ++i) {
    log_n[i] = special::log(n[i]);
    total[i] = beta_terms::rest(n[i], log_n[i]);
    shared[i] = log_n[i] - special::log_minus_digamma(n[i]);
  }
  for (Index c = 0; c < row; ++c) {
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const double v = x[c * count + i];
      total[i] += beta_terms::side(a[c * count + i], v, n[i], special::log(v), log_n[i]);
    }
  }
  for (Index i = 0; i < count; ++i) out[i] = static_cast<Real>(total[i]);
  if constexpr (!Partials) return;
  for (Index j = 0; partials[0] != nullptr && j < row * count; ++j) {
    partials[0][j] = static_cast<Real>(beta_terms::slope(a[j], x[j]));
  }
  for (Index c = 0; partials[1] != nullptr && c < row; ++c) {
    Real* g = partials[1] + c * count;
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const double k = a[c * count + i];
      const double v = x[c * count + i];
      g[i] = static_cast<Real>(special::log(v) - special::log(k) + special::log_minus_digamma(k) +
                               shared[i]);
    }
  }
}

constexpr Kernel kKernel{&rows<false>, &rows<true>, 2, 3U};

class DirichletFamily final : public KernelFamily {
 public:
  explicit DirichletFamily(const Dirichlet::Params& params)
      : KernelFamily(Dirichlet::kInfo, reflect::values(params)) {
    if (size() == 0) {
      fail(name(), "concentration of shape " + to_string(a().shape()) + " holds no numbers",
           "its last axis holds one for each coordinate of the simplex");
    }
  }

  Shape event_shape() const override { return {size()}; }
  Constraint support() const override { return constraints::simplex; }
  bool has_rsample() const override { return true; }
  Tensor mean() const override { return a() / sum(a(), -1, true); }
  Tensor variance() const override {
    const Tensor n = sum(a(), -1, true);
    const Tensor m = a() / n;
    return m * (1 - m) / (n + 1);
  }
  Tensor entropy() const override {
    const Tensor n = sum(a(), -1);
    const Tensor terms = lgamma(a()) - (a() - 1) * digamma(a());
    return sum(terms, -1) - lgamma(n) + (n - static_cast<Real>(size())) * digamma(n);
  }

 private:
  const Tensor& a() const { return parameter(0); }
  Index size() const { return a().shape().from_right(1); }
  const Kernel& kernel() const override { return kKernel; }
  Tensor draw(detail::RandomKey key, const Shape& elements) const override {
    return dirichlet_draw(key, elements, a());
  }
  Tensor placeholder() const override { return 1 / static_cast<Real>(size()); }
};

}  // namespace

constinit const FamilyInfo Dirichlet::kInfo{"Dirichlet", kDirichletParameters,
                                            &reflect::make<Dirichlet>};

Dirichlet::Dirichlet(const Params& params) : Distribution(make_family<DirichletFamily>(params)) {}

}  // namespace ember::distributions
