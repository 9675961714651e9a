// sequential_plate: a loop over conditionally independent members.
#pragma once

#include <iterator>

#include <ember/handlers/handler.hpp>

namespace ember {

/// What `sequential_plate` takes beside name and size.
struct SequentialPlateOptions {
  Index subsample_size = 0;               // 0: all
  std::optional<Indices> subsample = {};  // the members to visit, instead of a random choice
};

/// A plate that is a loop, for members that differ in what they do: it takes no batch dim.
///
///     for (Index t : sequential_plate("t", 10)) sample("x", dist::Normal(loc[t], scale[t]));
///
/// Sites and plates inside are named x_0, x_1, ..: name and member; in nested loops the outer
/// member comes first. Parameters keep their names. A subsampled loop visits its members
/// alone, and scales what is inside by size / subsample size. The members stand in the
/// trace, which replay reads; a loop of the same name in one execution has the same ones.
class sequential_plate {
 public:
  sequential_plate(Name name, Dim size, const SequentialPlateOptions& options = {},
                   const std::source_location& where = std::source_location::current());

  /// A running loop, as a handler: it leaves the stack however the loop ends.
  class Iteration final : public handlers::Handler {
   public:
    explicit Iteration(const sequential_plate& plate);
    Iteration(const Iteration&) = delete;
    Iteration& operator=(const Iteration&) = delete;
    ~Iteration() override;

    Index operator*() const;
    Iteration& operator++();
    friend bool operator==(const Iteration& i, std::default_sentinel_t) { return i.is_done(); }

    void process(Message& message) override;

   private:
    bool is_done() const;
    std::string suffix() const;

    const sequential_plate& plate_;
    const Iteration* outer_;
    Index position_ = 0;
  };

  Index size() const { return frame_.size; }
  Iteration begin() const { return Iteration(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  PlateFrame frame_;  // dim 0: it has none
  std::optional<Indices> indices_;
};

}  // namespace ember
