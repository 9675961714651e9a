#include <ember/handlers/seed.hpp>

#include <utility>

#include <ember/core/rerun.hpp>

namespace ember::handlers {

void SeedHandler::enter() {
  ember::detail::refuse_rerun();  // draws would go on from step to step, which begin anew here
  before_ = std::exchange(ember::detail::random_state(), ember::detail::RandomState{seed_, {}});
}

void SeedHandler::exit() noexcept { std::swap(ember::detail::random_state(), before_); }

Handle<SeedHandler> seed(std::uint64_t seed) { return make_handle<SeedHandler>(seed); }

}  // namespace ember::handlers
