// A recording that is run again: the same operators on the same places in memory, with new draws
// and with what stands in its leaves by then, without the program that it was recorded of. Nodes
// are data, so all that has to be known besides them is what the program did outside of the tape:
// its draws, what it checked, and whether it looked at a number that may be another one next time.
#pragma once

#include <functional>
#include <vector>

#include <ember/core/random.hpp>
#include <ember/core/tape.hpp>

namespace ember::detail {

/// A tensor that will be needed when a recording is run again: held where it lies on the heap; what
/// lies on its tape stays there.
class Referred {
 public:
  Tensor get() const { return Tensor(node_); }

 private:
  friend class Rerun;
  Node* node_ = nullptr;
  Tensor held_;
};

class Rerun {
 public:
  Rerun() = default;
  Rerun(const Rerun&) = delete;
  Rerun& operator=(const Rerun&) = delete;
  ~Rerun() { drop(); }

  /// Records what this thread computes until the end of the scope, on a tape of its own, which
  /// stays if the recording has been finished.
  class Recording {
   public:
    explicit Recording(Rerun& rerun);
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording();

   private:
    Rerun& rerun_;
    Tape::Active active_;
  };
  /// That of the running recording; null where it is an ordinary one, or there is none.
  static Rerun* current() { return Tape::current().rerun; }

  // What is noted meanwhile. Draws whose numbers are noise of the tape are drawn again, under the
  // same names; any other draw can't be.
  void note_draw(Name name, RandomStream stream, RandomKey key) {
    draws_.push_back({name, stream, key});
  }
  void note_noise(Node& out, RandomKey key, Noise noise);
  /// Nothing random is made of a key: there is nothing to draw again.
  void note_nothing_drawn(RandomKey key);
  /// What a check needs.
  Referred refer(const Tensor& x);
  /// A condition that held, of numbers that may be other ones next time.
  void note_check(std::function<bool()> check) { checks_.push_back(std::move(check)); }
  /// Something happened that may be otherwise next time.
  void refuse() { is_refused_ = true; }

  /// Comes before the reverse pass from `root`: what is recorded until here is run again.
  void keep(Node& root);
  /// Comes at the end, when nobody should hold a tensor of it any more: whether it can be run
  /// again.
  bool finish();
  bool is_finished() const { return is_finished_; }

  /// Runs it again, on its tape; an answer of false says that a check does not hold, and that the
  /// numbers are of no use.
  bool run();
  Real value() const { return *root_->value; }
  /// The reverse pass from the root: once a run.
  void backward();
  /// As if it had not drawn: whoever runs the program instead draws the same.
  void take_back_draws();
  Tape& tape() { return tape_; }

 private:
  struct Draw {
    Name name;
    RandomStream stream;
    RandomKey key;
    Node* out = nullptr;  // null where nothing is to be filled
    Noise noise = Noise::normal;
    bool is_known = false;  // what has been made of the key

    bool has_few() const {
      return out != nullptr && noise == Noise::normal && out->numel <= FewNormals::kMost;
    }
  };
  Draw* find_draw(RandomKey key);
  struct Step {
    Node* node;
    Forward forward;
    Backward backward;
  };
  struct Input {
    Node* node;
    void* room;  // see claim_room
  };
  std::vector<bool> find_needed() const;
  void drop() noexcept;

  Tape tape_;
  Node* root_ = nullptr;
  std::vector<Draw> draws_;
  FewNormals few_;  // those of the draws that have few numbers
  std::vector<RandomKey> few_keys_;
  std::vector<Step> steps_;  // that the root or a check needs, in the order of the tape
  std::vector<Input> inputs_;
  std::vector<std::function<bool()>> checks_;
  std::vector<const Node*> referred_;  // that these need
  Tape::Memory kept_{};
  bool is_refused_ = false;
  bool has_begun_ = false;
  bool is_finished_ = false;
};

/// The running recording, if there is one that could be run again, can't.
inline void refuse_rerun() {
  if (Rerun* rerun = Rerun::current()) rerun->refuse();
}

}  // namespace ember::detail
