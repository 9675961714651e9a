// A vector with room for N elements inside itself: shapes and plate stacks live without the heap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace ember {

/// A vector of at most N elements, which are stored in it.
template <class T, std::size_t N>
class InlineVector {
 public:
  InlineVector() = default;
  InlineVector(const InlineVector& other) : size_(other.size_) { copy_items(other); }
  InlineVector& operator=(const InlineVector& other) {
    if (this == &other) return *this;
    size_ = other.size_;
    copy_items(other);
    return *this;
  }
  ~InlineVector() = default;

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == N; }

  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T& back() { return items_[size_ - 1U]; }
  const T& back() const { return items_[size_ - 1U]; }

  T* begin() { return items_.data(); }
  T* end() { return items_.data() + size_; }
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }

  /// The caller has made sure that there is room.
  void push_back(const T& item) { items_[size_++] = item; }
  void pop_back() { --size_; }
  void clear() { size_ = 0; }

  friend bool operator==(const InlineVector& a, const InlineVector& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a.items_[i] == b.items_[i])) return false;
    }
    return true;
  }

 private:
  // Nearly all are short: a copy of fixed length is a few moves, one of any length is a call.
  void copy_items(const InlineVector& other) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      constexpr std::size_t kShort = std::clamp<std::size_t>(32 / sizeof(T), 1, N);
      if (size_ == 0) return;
      if (size_ <= kShort) {
        std::memcpy(items_.data(), other.items_.data(), kShort * sizeof(T));
      } else {
        std::memcpy(items_.data(), other.items_.data(), size_ * sizeof(T));
      }
    } else {
      std::copy_n(other.items_.begin(), size_, items_.begin());
    }
  }

  std::array<T, N> items_;  // beyond size_: unspecified
  std::uint8_t size_ = 0;
};

}  // namespace ember
