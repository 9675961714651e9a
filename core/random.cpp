#include <ember/core/random.hpp>

#include <atomic>

#include <ember/core/mix.hpp>
#include <ember/core/rerun.hpp>

namespace ember {
namespace detail {
namespace {

// What threads without a seed of their own have in common.
std::atomic<std::uint64_t> process_seed{0x656d626572U};

// No program is told when a thread was made: a thread's ordinal is that of its first draw.
std::uint64_t default_seed() {
  static std::atomic<std::uint64_t> ordinal{0};
  return mix(process_seed + ordinal.fetch_add(1) * 0x9e3779b97f4a7c15U);
}

// The thread that starts the program is number 0, whoever draws first.
const RandomState& main_state = random_state();

}  // namespace

RandomState& random_state() {
  thread_local RandomState state{default_seed(), {}};
  return state;
}

namespace {

RandomStream stream_of(std::uint64_t seed, Name name) {
  return {seed, mix(seed ^ mix(name.hash()))};
}

// Apart, or its registers would be saved at each draw.
[[gnu::noinline]] void count_up_to(Name name, RandomState& state) {
  state.counts.resize(name.id() + 1U);
}

RandomKey next_of(RandomStream stream, RandomState& state, Name name) {
  if (state.counts.size() <= name.id()) [[unlikely]]
    count_up_to(name, state);
  const std::uint64_t execution = state.counts[name.id()]++;
  return {mix(stream.key + execution * 0x9e3779b97f4a7c15U)};
}

}  // namespace

RandomKey next_key(Name name) {
  RandomState& state = random_state();
  const RandomStream stream = stream_of(state.seed, name);
  const RandomKey key = next_of(stream, state, name);
  if (Rerun* rerun = Rerun::current()) rerun->note_draw(name, stream, key);
  return key;
}

RandomKey next_key(Name name, RandomStream stream, RandomState& state) {
  if (stream.seed != state.seed) [[unlikely]]
    stream = stream_of(state.seed, name);
  return next_of(stream, state, name);
}

void undo_key(Name name) { --random_state().counts[name.id()]; }

}  // namespace detail

void set_rng_seed(std::uint64_t seed) {
  detail::refuse_rerun();  // a program that seeds draws the same at each step
  detail::RandomState& state = detail::random_state();
  state = {seed, {}};
  if (&state == &detail::main_state) detail::process_seed = seed;
}

}  // namespace ember
