// Who looks at numbers that are not on the tape any more.
#include <ember/core/reads.hpp>
#include <ember/core/tape.hpp>
#include <ember/ember.hpp>

#include "catch.hpp"

using namespace ember;
using detail::was_read;

TEST_CASE("a watch notes whether a number that depends on its input was looked at") {
  const detail::Recording recording;
  const Tensor seen = detail::Recording::leaf(2.0);
  const Tensor unseen = detail::Recording::leaf(3.0);
  const detail::ReadWatch watch;
  detail::watch_reads(seen.node());
  detail::watch_reads(unseen.node());
  CHECK((exp(seen) > 1).is_all());
  CHECK(was_read(seen.node()));
  CHECK_FALSE(was_read(unseen.node()));
}

TEST_CASE("watches nest: an inner one leaves the inputs of the outer one watched") {
  const detail::Recording recording;
  const Tensor outer = detail::Recording::leaf(2.0);
  const Tensor inner = detail::Recording::leaf(3.0);
  const detail::ReadWatch watch;
  detail::watch_reads(outer.node());
  {
    const detail::ReadWatch within;
    detail::watch_reads(inner.node());
    CHECK(square(inner).item() == 9);
    CHECK(was_read(inner.node()));
  }
  CHECK_FALSE(was_read(inner.node()));
  CHECK_FALSE(was_read(outer.node()));
  CHECK(square(outer).item() == 4);
  CHECK(was_read(outer.node()));
}
