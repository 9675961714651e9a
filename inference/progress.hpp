// A progress bar on standard error, where that is a terminal.
#pragma once

#include <chrono>
#include <string_view>

#include <ember/core/real.hpp>

namespace ember::inference {

/// A progress bar; its line ends with it.
class Progress {
 public:
  /// Shows nothing where `show` is false or standard error is no terminal.
  Progress(bool show, Index total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// `done` of the total, and the present loss. Draws at most ten times a second.
  void update(Index done, Real loss);
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  void draw();

  bool show_;
  Index total_;
  Index done_ = 0;
  Real loss_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point drawn_ = begin_;
};

}  // namespace ember::inference
