// Where automatic guides begin.
#include <ember/ember.hpp>

#include <limits>

#include "catch.hpp"
#include "support.hpp"

using namespace ember;
namespace infer = ember::inference;

TEST_CASE("a radius is not negative") {
  for (const double radius : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
    check_error([&] { infer::init_to_uniform(radius); }, {"init_to_uniform", "radius"});
  }
}
