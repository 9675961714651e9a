// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): a draw is a function of the
// seed, the site's name, how often the name was drawn before and the element, so that it depends on
// no other site and on no thread count.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <ember/core/name.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

/// Seeds this thread and starts its counts again. On the main thread it is the process's seed as
/// well: a thread without a seed of its own draws from (the process's seed, its ordinal) as they
/// are at its first draw. The main thread is number 0, others are numbered in the order in which
/// they first draw; a thread that must draw the same in every run sets a seed.
void set_rng_seed(std::uint64_t seed);

namespace detail {

struct Node;

/// One execution of one name: the stream of every element hangs on `key`.
struct RandomKey {
  std::uint64_t key;
};

/// The key of the next draw under a name on this thread; counts the execution.
RandomKey next_key(Name name);
/// All executions of one name under one seed.
struct RandomStream {
  std::uint64_t seed, key;
};

struct RandomState;

/// The same of a stream of that name, where the seed of `state`, this thread's, is still that
/// one's.
RandomKey next_key(Name name, RandomStream stream, RandomState& state);
/// As if it had not been asked for.
void undo_key(Name name);

/// A uniform random bit generator of one element: four words a block.
class ElementEngine {
 public:
  using result_type = std::uint32_t;
  ElementEngine(RandomKey key, Index element)
      : key_(key), element_(static_cast<std::uint64_t>(element)) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return UINT32_MAX; }
  result_type operator()() {
    if (used_ == 4) refill();
    return words_[used_++];
  }
  /// Uniform in (0, 1): 52 bits and a half, never an end.
  double uniform();

 private:
  void refill();

  RandomKey key_;
  std::uint64_t element_;
  std::uint32_t block_ = 0;
  std::uint32_t used_ = 4;
  std::array<std::uint32_t, 4> words_{};
};

/// Independent Normal(0, 1) numbers, and uniform ones in (0, 1), as constants.
Tensor standard_normal(RandomKey key, const Shape& shape);
Tensor standard_uniform(RandomKey key, const Shape& shape);

/// What a tensor of random numbers is filled with.
enum class Noise : std::uint8_t { normal, uniform };
/// Fills a node that has its room.
void fill(Noise noise, RandomKey key, Node& out);
/// Draws of few Normal numbers each, made side by side, again and again.
class FewNormals {
 public:
  /// Numbers of a draw.
  static constexpr Index kMost = 16;
  /// Another draw, which fills a node that stays where it is.
  void add(Node& out);
  /// Of keys of the draws, in the order in which they came.
  void fill(std::span<const RandomKey> keys) const;
  void clear();

 private:
  // Where two numbers go.
  struct Pair {
    Real *first, *second;  // no second one: null
  };
  std::vector<Pair> pairs_;
  // Of each pair the draw, and its number in that; as many as are made at once.
  std::vector<std::uint32_t> draws_;
  std::vector<Index> numbers_;
  std::uint32_t count_ = 0;  // draws
};

/// Seed and counts of this thread, kept and put back by handlers and checkpoints.
struct RandomState {
  std::uint64_t seed;
  std::vector<std::uint64_t> counts;  // by the id of the name
};
RandomState& random_state();

}  // namespace detail
}  // namespace ember
