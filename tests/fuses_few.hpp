// Expressions of as few elements as the tests have, for as long as this lives, whatever is best for
// speed.
#pragma once

#include <utility>

#include <ember/core/tape.hpp>

class FusesFew {
 public:
  FusesFew() : before_(std::exchange(ember::detail::Tape::current().fuses_from, 512)) {}
  FusesFew(const FusesFew&) = delete;
  FusesFew& operator=(const FusesFew&) = delete;
  ~FusesFew() { ember::detail::Tape::current().fuses_from = before_; }

 private:
  ember::Index before_;
};
