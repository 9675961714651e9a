// All of ember.
#pragma once

#include <ember/core/error.hpp>
#include <ember/core/gradient.hpp>
#include <ember/core/mask.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/random.hpp>
#include <ember/core/tensor.hpp>
#include <ember/distributions/families.hpp>
#include <ember/handlers/block.hpp>
#include <ember/handlers/condition.hpp>
#include <ember/handlers/mask.hpp>
#include <ember/handlers/param_store.hpp>
#include <ember/handlers/plate.hpp>
#include <ember/handlers/primitives.hpp>
#include <ember/handlers/replay.hpp>
#include <ember/handlers/scale.hpp>
#include <ember/handlers/seed.hpp>
#include <ember/handlers/substitute.hpp>
#include <ember/handlers/trace.hpp>
#include <ember/handlers/tracing.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/inference/auto_delta.hpp>
#include <ember/inference/auto_normal.hpp>
#include <ember/inference/svi.hpp>
