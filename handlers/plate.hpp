// plate: a scope of conditional independence along one batch dim.
#pragma once

#include <optional>

#include <ember/handlers/handler.hpp>

namespace ember {

/// What `plate` takes beside name and size.
struct PlateOptions {
  Index dim = 0;                          // negative; 0: the next free one, -1 for the outermost
  Index subsample_size = 0;               // 0: all
  std::optional<Indices> subsample = {};  // the members to execute, instead of a random choice
};

/// Until the end of its block, sites are conditionally independent along one batch dim:
/// distributions are expanded along it, and a subsampled plate scales log densities by
/// size / subsample size.
///
///     plate data("data", 1000, {.subsample_size = 100});
///     sample("y", dist::Normal(data.subsample(mu), 1), {.obs = data.subsample(y)});
///
/// A plate of a name may be opened again in one execution, with the same size and dim: where the
/// execution is traced it has the same indices then.
class plate : public handlers::Handler {
 public:
  plate(Name name, Dim size, const PlateOptions& options = {},
        const std::source_location& where = std::source_location::current());
  plate(const plate&) = delete;
  plate& operator=(const plate&) = delete;
  ~plate() override;

  const PlateFrame& frame() const { return frame_; }
  Index dim() const { return frame_.dim; }
  Index size() const { return frame_.size; }
  bool is_subsampled() const { return indices_.has_value(); }
  /// The members that are executed: ascending positions 0 .. size - 1 where all are.
  Indices indices() const;
  /// The members' rows of x (axis 0): x itself where all are executed.
  Tensor subsample(const Tensor& x, Index axis = 0) const;
  Mask subsample(const Mask& x, Index axis = 0) const;

  void process(Message& message) override;
  void postprocess(Message& message) override;

 private:
  void open(Name name, Index size, const PlateOptions& options);
  void check_members(const Shape& shape, Index axis) const;

  PlateFrame frame_;
  std::optional<Indices> indices_;
};

namespace detail {

/// Asks the handlers which members of a plate to execute: none where all are. The frame gets the
/// subsample's size and the name that the handlers gave the plate.
std::optional<Indices> open_members(PlateFrame& frame, Index subsample_size,
                                    const std::optional<Indices>& subsample);

/// The plate of a name that is open on this thread, or null.
const plate* find_open_plate(Name name);
/// A random choice of members for a plate message.
Indices choose_members(const PlateFrame& frame);

}  // namespace detail
}  // namespace ember
