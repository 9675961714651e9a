#include <ember/inference/progress.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace ember::inference {

Progress::Progress(bool show, Index total)
    : show_(show && isatty(STDERR_FILENO) == 1), total_(total) {}

Progress::~Progress() {
  if (!show_) return;
  draw();
  std::fputc('\n', stderr);
}

void Progress::update(Index done, Real loss) {
  done_ = done;
  loss_ = loss;
  if (!show_ || Clock::now() - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = Clock::now();
  draw();
}

double Progress::seconds() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

void Progress::draw() {
  constexpr Index kWidth = 30;
  const Index filled = kWidth * done_ / std::max<Index>(total_, 1);
  const std::string bar = std::string(static_cast<std::size_t>(filled), '#') +
                          std::string(static_cast<std::size_t>(kWidth - filled), '.');
  std::fprintf(stderr, "\r[%s] %lld/%lld  loss %.6g  %.0f steps/s ", bar.c_str(),
               static_cast<long long>(done_), static_cast<long long>(total_),
               static_cast<double>(loss_), static_cast<double>(done_) / std::max(seconds(), 1e-9));
  std::fflush(stderr);
}

}  // namespace ember::inference
