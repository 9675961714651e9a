// The hand-written half of a step of SVI under AutoNormal: draws of K unconstrained coordinates,
// log q, the chain rule from the coordinates to locations and log scales, and Adam. The model's
// half is each program's own.
#pragma once

#include <span>
#include <vector>

#include <ember/core/special.hpp>

#include "common/adam_by_hand.hpp"
#include "common/normals.hpp"

namespace bench {

/// The coordinates are in parts: the first is what all depends on, each of the others is done with
/// while it is in the cache. Model has
///     double part_cost(std::size_t begin, std::size_t end);    of one of the other parts
///     double cost();                                           the rest, and of the first part
/// which give the negative log joint of x (with the Jacobians of its constraints) and write its
/// derivatives to dx.
template <class Model>
class MeanField {
 public:
  /// `ends`: one past the last coordinate of each part.
  explicit MeanField(std::vector<std::size_t> ends)
      : u(2 * ends.back()),
        g(2 * ends.back()),
        eps(ends.back()),
        x(ends.back()),
        dx(ends.back()),
        ends_(std::move(ends)),
        k_(ends_.back()),
        scale_(k_),
        adam_(2 * k_) {}

  std::vector<double> u, g;        // the locations, then the log scales; their derivatives
  std::vector<double> eps, x, dx;  // a draw is loc + scale eps

  double step() { return pass(Draws::fresh, Moves::yes); }

  /// For the draws in eps.
  double loss_and_gradient() { return pass(Draws::given, Moves::no); }
  double given_step() { return pass(Draws::given, Moves::yes); }

  /// Where a model has one part.
  double part_cost(std::size_t, std::size_t) { return 0; }

 private:
  enum class Draws { fresh, given };
  enum class Moves { no, yes };

  double pass(Draws draws, Moves moves) {
    Model& model = *static_cast<Model*>(this);
    if (moves == Moves::yes) adam_.begin();
    double loss = draw(draws, 0, ends_[0]);
    for (std::size_t part = 1; part < ends_.size(); ++part) {
      const std::size_t begin = ends_[part - 1], end = ends_[part];
      loss += draw(draws, begin, end) + model.part_cost(begin, end);
      chain(moves, begin, end);
    }
    loss += model.cost();
    chain(moves, 0, ends_[0]);
    return loss;
  }

  double draw(Draws draws, std::size_t begin, std::size_t end) {
    if (draws == Draws::fresh) normals_.fill(std::span(eps).subspan(begin, end - begin));
    double log_q = -static_cast<double>(end - begin) * ember::special::kHalfLogTwoPi;
    const double* loc = u.data();
    const double* log_scale = loc + k_;
    const double* e = eps.data();
    double* scale = scale_.data();
    double* out = x.data();
#pragma omp simd reduction(+ : log_q)
    for (std::size_t i = begin; i < end; ++i) {
      scale[i] = ember::special::exp(log_scale[i]);
      out[i] = loc[i] + scale[i] * e[i];
      log_q -= 0.5 * e[i] * e[i] + log_scale[i];
    }
    return log_q;
  }

  void chain(Moves moves, std::size_t begin, std::size_t end) {
    double* by_loc = g.data();
    double* by_log_scale = by_loc + k_;
    const double* by_x = dx.data();
    const double* e = eps.data();
    const double* scale = scale_.data();
#pragma omp simd
    for (std::size_t i = begin; i < end; ++i) {
      by_loc[i] = by_x[i];
      by_log_scale[i] = by_x[i] * e[i] * scale[i] - 1;
    }
    if (moves == Moves::no) return;
    adam_.descend(u, g, begin, end);
    adam_.descend(u, g, k_ + begin, k_ + end);
  }

  std::vector<std::size_t> ends_;
  std::size_t k_;
  std::vector<double> scale_;
  AdamByHand adam_;
  Normals normals_;
};

}  // namespace bench
