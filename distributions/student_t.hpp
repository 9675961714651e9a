// The family StudentT.
#pragma once

#include <ember/distributions/distribution.hpp>

namespace ember::distributions {

/// StudentT(df, loc, scale), df > 0: log p(x) = log Gamma((df + 1) / 2) - log Gamma(df / 2) -
/// log(df pi) / 2 - log scale - (df + 1) / 2 log(1 + ((x - loc) / scale)^2 / df). No mean (NaN)
/// for df <= 1; the variance is infinite for 1 < df <= 2, NaN below.
class StudentT : public Distribution {
 public:
  /// Its parameters by name.
  struct Params {
    Tensor df = {}, loc = 0.0, scale = 1.0;
  };
  explicit StudentT(const Tensor& df, const Tensor& loc = 0.0, const Tensor& scale = 1.0)
      : StudentT(Params{df, loc, scale}) {}
  explicit StudentT(const Params& params);

  static const FamilyInfo kInfo;
};

}  // namespace ember::distributions
