// All families.
#pragma once

#include <ember/distributions/bernoulli.hpp>
#include <ember/distributions/beta.hpp>
#include <ember/distributions/binomial.hpp>
#include <ember/distributions/categorical.hpp>
#include <ember/distributions/cauchy.hpp>
#include <ember/distributions/delta.hpp>
#include <ember/distributions/dirichlet.hpp>
#include <ember/distributions/exponential.hpp>
#include <ember/distributions/gamma.hpp>
#include <ember/distributions/half_cauchy.hpp>
#include <ember/distributions/half_normal.hpp>
#include <ember/distributions/laplace.hpp>
#include <ember/distributions/log_normal.hpp>
#include <ember/distributions/multivariate_normal.hpp>
#include <ember/distributions/normal.hpp>
#include <ember/distributions/poisson.hpp>
#include <ember/distributions/student_t.hpp>
#include <ember/distributions/transformed.hpp>
#include <ember/distributions/uniform.hpp>
#include <ember/distributions/unit.hpp>
