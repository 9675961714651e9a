// How learning rates change: with the step, and from parameter to parameter.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <ember/core/real.hpp>

namespace ember::inference {

/// The factor of the learning rate at step t = 0, 1, ..: any function will do, such as
/// [](Index t) { return 1 / std::sqrt(1.0 + t); }. An empty one is 1.
using Schedule = std::function<double(Index)>;

/// gamma^t
Schedule exponential(double gamma);
/// gamma^floor(t / every)
Schedule stepwise(Index every, double gamma = 0.1);
/// From 1 to `floor` along half a cosine in so many steps, `floor` after them (Loshchilov and
/// Hutter 2017): floor + (1 - floor) (1 + cos(pi t / steps)) / 2.
Schedule cosine(Index steps, double floor = 0);
/// Rises to 1 in so many steps, (t + 1) / steps, and goes on as `then` does from its beginning:
/// warm_up(100, cosine(1900)).
Schedule warm_up(Index steps, Schedule then = {});

/// The factor of the learning rate of a parameter, by its name; 0 leaves it as it is. An empty one
/// is 1.
using RateOf = std::function<double(const std::string& param)>;

/// These factors; 1 for all others.
RateOf rates(std::map<std::string, double> factors);

}  // namespace ember::inference
