// Expressions of few elements, for as long as this lives: those of as many as they are made for
// would make tests slow.
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
