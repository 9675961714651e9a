// Site: what a trace keeps of one execution of a primitive.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <ember/handlers/message.hpp>

namespace ember {

/// The kinds of sites, as files and tables name them.
enum class SiteKind : std::uint8_t { latent, observed, factor, deterministic, param };
const char* to_string(SiteKind kind);

/// A site of a trace. Its log densities are computed when first asked for, and kept.
class Site {
 public:
  Site() = default;
  /// Combines the masks of a message that has come back; errors where masks, scale and batch shape
  /// do not go together.
  explicit Site(const Message& message)
      : Site(message, message.distribution, message.element_mask) {}
  /// The same with another distribution and element mask.
  Site(const Message& message, const distributions::Distribution& d, const Mask& elements);

  Name name;
  Place place;  // of its statement in the model
  SiteKind kind = SiteKind::latent;
  bool is_observed = false;
  distributions::Distribution distribution;  // undefined for deterministic and param sites
  Tensor value;
  ScaleFactor scale;
  Plates plates;  // innermost first
  Infer infer;
  /// The sites whose values reach this one's density (or the value of a deterministic site), in
  /// program order; empty where relations were not recorded.
  std::optional<std::vector<Name>> parents;
  /// Distribution's, handlers' and obs_mask's masks combined, over the elements: the batch shape
  /// and the event axes that to_event made.
  Mask mask;

  /// What `mask` was made of beside the distribution's own mask.
  struct OuterMasks {
    Mask handlers = true;  // broadcasts with the batch shape
    Mask elements = true;  // of an automatic guide's site: the model's; over the elements
    std::optional<Mask> obs;
  };
  const OuterMasks& outer_masks() const { return outer_masks_ ? *outer_masks_ : no_outer_masks(); }

  bool has_distribution() const { return distribution.defined(); }
  /// The mask without the distribution's own one, over the elements.
  Mask outer_mask() const;
  /// Over the batch shape: where anything of an event counts.
  Mask visible_batch() const;

  /// The log density over the batch shape, after mask and scale.
  const Tensor& log_prob() const;
  /// Its sum, in one pass.
  const Tensor& log_prob_sum() const;
  /// The log density after the mask, before the scale.
  const Tensor& unscaled_log_prob() const;

  /// How many elements the distribution's own mask, the handlers' and obs_mask hide, each by
  /// itself.
  struct Hidden {
    Index distribution = 0, handlers = 0, obs = 0;
  };
  Hidden hidden() const;

  /// For a site that was read from a file and whose family this program does not know: the
  /// densities that the file has.
  void keep_log_prob(Tensor log_prob, Tensor log_prob_sum);

 private:
  static const OuterMasks& no_outer_masks();
  Mask combine_masks() const;
  void check_scale() const;
  Tensor scaled(const Tensor& plain) const;

  std::shared_ptr<const OuterMasks> outer_masks_;  // null: nothing is hidden by them
  mutable Tensor log_prob_, log_prob_sum_, unscaled_;
};

}  // namespace ember
