// All families.
#pragma once

#include <ember/distributions/bernoulli.hpp>
#include <ember/distributions/categorical.hpp>
#include <ember/distributions/delta.hpp>
#include <ember/distributions/half_cauchy.hpp>
#include <ember/distributions/half_normal.hpp>
#include <ember/distributions/log_normal.hpp>
#include <ember/distributions/multivariate_normal.hpp>
#include <ember/distributions/normal.hpp>
#include <ember/distributions/poisson.hpp>
#include <ember/distributions/transformed.hpp>
#include <ember/distributions/unit.hpp>
