// FunctionRef: a callable, by reference. It does not own, so that wrapping a lambda costs nothing.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace ember {

template <class Signature>
class FunctionRef;

/// Lives no longer than the callable that it was made of.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
             std::is_invocable_r_v<R, F&, Args...>)
  FunctionRef(F&& f)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> R {
          return static_cast<R>((*static_cast<std::add_pointer_t<std::remove_reference_t<F>>>(
              object))(std::forward<Args>(args)...));
        }) {}

  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

}  // namespace ember
