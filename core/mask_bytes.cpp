#include <ember/core/mask_bytes.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>

#include <ember/core/error.hpp>

namespace ember::detail {

std::uint64_t MaskBytes::next_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

bool MaskBytes::operator[](Index i) const {
  if (!is_list_) return bytes_[static_cast<std::size_t>(i)] != 0;
  return std::binary_search(places_->at().begin(), places_->at().end(), i);
}

void MaskBytes::make_places() const {
  // Without branches, which nobody could foresee: each position is written, and stays if it counts.
  Positions positions(static_cast<std::size_t>(kept_) + 1);
  const std::uint8_t* bytes = bytes_.data();
  Index* to = positions.data();
  for (Index i = 0; i < size_; ++i) {
    *to = i;
    to += bytes[i];
  }
  positions.pop_back();
  places_ = Places::make(std::move(positions), size_);
}

void MaskBytes::too_many() const {
  fail("mask",
       "the whole of a mask of coordinates would have to be formed: " + std::to_string(size_) +
           " bytes",
       "matmul, transpose, reshape, + - *, index_select, unary maps and densities work on "
       "coordinates alone");
}

void MaskBytes::make_bytes() const {
  bytes_.resize(static_cast<std::size_t>(size_));
  for (Index i : places_->at()) bytes_[static_cast<std::size_t>(i)] = 1;
}

void MaskBytes::make_counts() const {
  counts_.reserve(static_cast<std::size_t>((size() + kBlock - 1) / kBlock));
  const std::uint8_t* bytes = bytes_.data();
  for (Index begin = 0; begin < size(); begin += kBlock) {
    const Index end = std::min(begin + kBlock, size());
    counts_.push_back(std::accumulate(bytes + begin, bytes + end, 0));
  }
}

void MaskBytes::make_runs() const {
  constexpr Index kLong = 32;  // on average
  const std::uint8_t* bytes = bytes_.data();
  Index starts = bytes[0];
  constexpr Index kCounted = 255;  // as many as a byte counts
  for (Index begin = 1; begin < size_; begin += kCounted) {
    const Index end = std::min(begin + kCounted, size_);
    std::uint8_t here = 0;
#pragma omp simd reduction(+ : here)
    for (Index i = begin; i < end; ++i) {
      here = static_cast<std::uint8_t>(here + (bytes[i] & ~bytes[i - 1]));
    }
    starts += here;
  }
  if (starts * kLong > kept_) return;
  runs_.reserve(static_cast<std::size_t>(starts + kept_ / kBlock));
  const auto next = [&](Index from, int byte) {
    const void* found = std::memchr(bytes + from, byte, static_cast<std::size_t>(size_ - from));
    return found != nullptr ? static_cast<const std::uint8_t*>(found) - bytes : size_;
  };
  for (Index begin = next(0, 1); begin < size_;) {
    const Index end = next(begin, 0);
    for (; begin < end; begin += kBlock) runs_.push_back({begin, std::min(kBlock, end - begin)});
    begin = next(end, 1);
  }
}

}  // namespace ember::detail
