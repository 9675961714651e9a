// The operators on tensors and masks.
#pragma once

#include <ember/core/coordinates.hpp>
#include <ember/core/elementwise.hpp>
#include <ember/core/linalg.hpp>
#include <ember/core/reductions.hpp>
#include <ember/core/selection.hpp>
