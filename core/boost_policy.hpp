// How the special functions of Boost.Math treat what has no answer: NaN and infinity, as <cmath>
// does, instead of exceptions.
#pragma once

#include <boost/math/policies/policy.hpp>

namespace ember::special {

namespace boost_policies = boost::math::policies;

using BoostPolicy =
    boost_policies::policy<boost_policies::domain_error<boost_policies::ignore_error>,
                           boost_policies::pole_error<boost_policies::ignore_error>,
                           boost_policies::overflow_error<boost_policies::ignore_error>,
                           boost_policies::evaluation_error<boost_policies::ignore_error>,
                           boost_policies::rounding_error<boost_policies::ignore_error>,
                           boost_policies::promote_double<false>>;

}  // namespace ember::special
