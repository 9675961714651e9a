// A vector with room for N elements inside itself: shapes and plate stacks live without the heap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>

namespace ember {

/// A vector of at most N elements, which are stored in it.
template <class T, std::size_t N>
class InlineVector {
 public:
  InlineVector() noexcept {}  // NOLINT(modernize-use-equals-default): leaves the items alone
  // What holds one is moved, and not copied, where a vector of it grows.
  InlineVector(const InlineVector& other) noexcept(std::is_nothrow_copy_constructible_v<T>) {
    copy_items(other);
  }
  InlineVector& operator=(const InlineVector& other) noexcept(
      std::is_nothrow_copy_constructible_v<T>) {
    if (this == &other) return *this;
    clear();
    copy_items(other);
    return *this;
  }
  ~InlineVector()
    requires std::is_trivially_destructible_v<T>
  = default;
  ~InlineVector() { clear(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == N; }

  T& operator[](std::size_t i) { return items_[i]; }
  const T& operator[](std::size_t i) const { return items_[i]; }
  T& back() { return items_[size_ - 1U]; }
  const T& back() const { return items_[size_ - 1U]; }

  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }

  /// The caller has made sure that there is room.
  void push_back(const T& item) { std::construct_at(items_ + size_++, item); }
  void pop_back() { std::destroy_at(items_ + --size_); }
  void clear() {
    std::destroy_n(items_, size_);
    size_ = 0;
  }

  friend bool operator==(const InlineVector& a, const InlineVector& b) {
    if (a.size_ != b.size_) return false;
    for (std::size_t i = 0; i < a.size_; ++i) {
      if (!(a.items_[i] == b.items_[i])) return false;
    }
    return true;
  }

 private:
  // Nearly all are short: a copy of fixed length is a few moves, one of any length is a call.
  void copy_items(const InlineVector& other) noexcept(std::is_nothrow_copy_constructible_v<T>) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      constexpr std::size_t kShort = std::clamp<std::size_t>(32 / sizeof(T), 1, N);
      size_ = other.size_;
      if (size_ == 0) return;
      if (size_ <= kShort) {
        std::memcpy(items_, other.items_, kShort * sizeof(T));
      } else {
        std::memcpy(items_, other.items_, size_ * sizeof(T));
      }
    } else {
      std::uninitialized_copy_n(other.items_, other.size_, items_);
      size_ = other.size_;
    }
  }

  // First, beside the first items: most vectors lie in one line of the cache.
  std::uint8_t size_ = 0;
  // In a union, because there is none beyond size_.
  union {
    T items_[N];
  };
};

}  // namespace ember
