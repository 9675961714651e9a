// What the tests of errors make their mistakes with.
#pragma once

#include <limits>
#include <string>

#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

inline const ember::Tensor kMatrix = ember::zeros({3, 2});
inline const ember::Tensor kFour = ember::zeros({4});
inline const ember::Tensor kThree = ember::zeros({3});
inline const ember::Mask kTwoSeen = ember::mask_of({true, false});
inline constexpr ember::Real kNan = std::numeric_limits<ember::Real>::quiet_NaN();

inline const std::string kBroadcast =
    " do not broadcast; sizes of matching axes, counted from the right, must be equal or 1";
