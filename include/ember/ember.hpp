// All of ember.
#pragma once

#include <ember/core/error.hpp>
#include <ember/core/gradient.hpp>
#include <ember/core/mask.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/core/tensor.hpp>
#include <ember/distributions/families.hpp>
