// Message: what a primitive sends through the handler stack.
#pragma once

#include <optional>
#include <string>

#include <ember/core/inline_vector.hpp>
#include <ember/distributions/distribution.hpp>
#include <ember/handlers/infer.hpp>
#include <ember/handlers/place.hpp>
#include <ember/handlers/scale_factor.hpp>

namespace ember {

/// An open plate, as a site sees it.
struct PlateFrame {
  Name name;
  Index dim = -1;  // from the right of the batch shape
  Index size = 0;
  Index subsample_size = 0;

  /// What the log densities inside are multiplied with.
  Real scale() const {
    if (subsample_size == size || subsample_size == 0) return 1;
    return static_cast<Real>(size) / static_cast<Real>(subsample_size);
  }
};
using Plates = InlineVector<PlateFrame, kMaxRank>;

/// One execution of a primitive on its way through the handlers: outward through `process`, then
/// the default action, then back inward through `postprocess`. Handlers may change any field.
struct Message {
  enum class Kind : std::uint8_t {
    sample,         // a draw, an observation or a factor
    partial,        // announces a partially observed site; the ordinary sites follow
    param,          // a learnable parameter
    deterministic,  // a named value
    plate,          // asks for the indices of a subsampled plate
  };

  Kind kind = Kind::sample;
  Name name;
  Place place;                               // of the statement in the model
  distributions::Distribution distribution;  // of a sample or partial message
  Tensor value;                              // undefined until somebody gives one
  bool is_observed = false;
  bool stop = false;          // handlers further out do not see the message
  bool draws_hidden = false;  // draws read parameters of hidden elements as well: a guide's do
  bool done = false;          // there is a value: the default action is left out
  bool lifted = false;        // a sample message that began as a param message

  Mask mask = true;              // of the handlers; broadcasts with the batch shape
  std::optional<Mask> obs_mask;  // of a partial message and of the two sites that it becomes
  Mask element_mask = true;      // over the distribution's elements: an automatic guide puts the
                                 // mask of the model's site here
  ScaleFactor scale;             // of the handlers and subsampled plates
  Plates plates;                 // innermost first
  Infer infer;

  Constraint constraint;           // of a param message
  std::optional<Index> event_dim;  // of a param message: axes that no plate subsamples
  PlateFrame plate;                // of a plate message
  std::optional<Indices> indices;  // of a plate message: its answer

  /// Whether the name is a parameter's, which belongs to the process and not to an execution.
  bool names_param() const { return kind == Kind::param || lifted; }
  /// Gives the site or plate another name.
  void rename(const std::string& other) {
    name = other;
    if (kind == Kind::plate) plate.name = name;
  }
};

}  // namespace ember
