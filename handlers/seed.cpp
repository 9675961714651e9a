#include <ember/handlers/seed.hpp>

#include <utility>

namespace ember::handlers {

void SeedHandler::enter() {
  before_ = std::exchange(ember::detail::random_state(), ember::detail::RandomState{seed_, {}});
}

void SeedHandler::exit() noexcept { std::swap(ember::detail::random_state(), before_); }

}  // namespace ember::handlers
