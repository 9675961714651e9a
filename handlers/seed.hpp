// h::seed: a model that draws the same numbers at each call.
#pragma once

#include <ember/core/random.hpp>
#include <ember/handlers/handler.hpp>

namespace ember::handlers {

/// Seeds this thread's random numbers when the scope begins and puts the former state back when it
/// ends.
class SeedHandler final : public Handler {
 public:
  explicit SeedHandler(std::uint64_t seed) : seed_(seed) {}
  void enter() override;
  void exit() noexcept override;

 private:
  std::uint64_t seed_;
  ember::detail::RandomState before_{};
};

/// SeedHandler for a scope, and around a model.
Handle<SeedHandler> seed(std::uint64_t seed);
template <Model M>
auto seed(M model, std::uint64_t seed) {
  return wrap<SeedHandler>(std::move(model), seed);
}

}  // namespace ember::handlers
