#include <ember/handlers/open_plates.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include <ember/core/error.hpp>
#include <ember/core/index_text.hpp>
#include <ember/core/random.hpp>

namespace ember {
namespace {

std::vector<const plate*>& opened() {
  thread_local std::vector<const plate*> plates;
  return plates;
}

const plate* plate_at(Index dim) {
  for (const plate* p : opened()) {
    if (p->dim() == dim) return p;
  }
  return nullptr;
}

std::string plate_text(Name name) { return "plate '" + name.str() + "'"; }

void check_indices(Name name, const Indices& indices, Index size) {
  for (Index i : indices.values()) {
    if (i >= 0 && i < size) continue;
    fail(plate_text(name),
         "subsample index " + std::to_string(i) + " is outside of the plate's size " +
             std::to_string(size),
         detail::index_range(size, 0));
  }
}

// A permutation of 0 .. n-1 of which few are elsewhere than at first: memory and time follow these.
class FewMoved {
 public:
  Index& at(Index position) { return moved_.try_emplace(position, position).first->second; }

 private:
  std::unordered_map<Index, Index> moved_;
};

// The same with all in a list.
class AllListed {
 public:
  explicit AllListed(Index n) : members_(static_cast<std::size_t>(n)) {
    std::iota(members_.begin(), members_.end(), Index{0});
  }
  Index& at(Index position) { return members_[static_cast<std::size_t>(position)]; }

 private:
  std::vector<Index> members_;
};

// The first b of a random permutation of 0 .. n-1 (Fisher and Yates), in ascending order.
template <class Permutation>
Indices choose_first(Permutation permutation, const PlateFrame& frame) {
  const Index n = frame.size, b = frame.subsample_size;
  const auto key = detail::next_key(frame.name);
  std::vector<Index> members;
  members.reserve(static_cast<std::size_t>(b));
  for (Index i = 0; i < b; ++i) {
    const double u = detail::ElementEngine(key, i).uniform();
    const Index j = i + std::min(static_cast<Index>(u * static_cast<double>(n - i)), n - i - 1);
    members.push_back(permutation.at(j));
    permutation.at(j) = Index{permutation.at(i)};
  }
  std::sort(members.begin(), members.end());
  return members;
}

}  // namespace

namespace detail {

// An entry of a table costs as much as some hundred of a list.
Indices choose_members(const PlateFrame& frame) {
  if (frame.size / 400 < frame.subsample_size) return choose_first(AllListed(frame.size), frame);
  return choose_first(FewMoved(), frame);
}

std::optional<Indices> open_members(PlateFrame& frame, Index subsample_size,
                                    const std::optional<Indices>& subsample) {
  if (frame.name.empty()) fail("plate", "a plate needs a name");
  if (frame.size < 0) {
    fail(plate_text(frame.name), "size " + std::to_string(frame.size) + " is negative",
         "sizes are 0 or more");
  }
  if (subsample) {
    frame.subsample_size = static_cast<Index>(subsample->size());
  } else if (subsample_size != 0) {
    frame.subsample_size = subsample_size;
  }
  if (frame.subsample_size > frame.size || subsample_size < 0) {
    fail(plate_text(frame.name),
         "a subsample of " + std::to_string(frame.subsample_size) +
             " is not within the plate's size " + std::to_string(frame.size),
         "leave it out, or draw fewer members");
  }
  Message message;
  message.kind = Message::Kind::plate;
  message.name = frame.name;
  message.plate = frame;
  if (subsample) message.indices = subsample;
  apply_stack(message);
  frame.name = message.plate.name;
  if (message.indices) {
    check_indices(frame.name, *message.indices, frame.size);
    frame.subsample_size = static_cast<Index>(message.indices->size());
  }
  return std::move(message.indices);
}

std::span<const plate* const> open_plates() { return opened(); }

const plate* find_open_plate(Name name) {
  for (const plate* p : opened()) {
    if (p->frame().name == name) return p;
  }
  return nullptr;
}

}  // namespace detail

plate::plate(Name name, Dim size, const PlateOptions& options, const std::source_location& where) {
  at_place(where, [&] { open(name, size.value, options); });
}

void plate::open(Name name, Index size, const PlateOptions& options) {
  Index dim = options.dim;
  if (dim > 0) {
    fail(plate_text(name), "dim " + std::to_string(dim) + " is not negative",
         "plate dims count from the right: -1 is the last batch dim");
  }
  if (dim == 0) {
    dim = -1;
    while (plate_at(dim) != nullptr) --dim;
  } else if (const plate* other = plate_at(dim)) {
    fail(plate_text(name),
         "dim " + std::to_string(dim) + " is taken by " + plate_text(other->frame().name),
         "give one of them another dim");
  }
  if (dim < -static_cast<Index>(kMaxRank)) {
    fail(plate_text(name), "dim " + std::to_string(dim) + " is beyond the largest rank, 12",
         "open fewer plates at once, or join some of them");
  }
  frame_ = {name, dim, size, size};
  indices_ = detail::open_members(frame_, options.subsample_size, options.subsample);
  if (detail::find_open_plate(frame_.name) != nullptr) {
    fail(plate_text(frame_.name), "a plate of this name is open",
         "close its block first, or give one of them another name");
  }
  opened().push_back(this);
  try {
    detail::push_handler(*this);
  } catch (...) {
    opened().pop_back();
    throw;
  }
}

plate::~plate() {
  detail::pop_handler();
  opened().pop_back();
}

Indices plate::indices() const {
  if (indices_) return *indices_;
  std::vector<Index> all(static_cast<std::size_t>(size()));
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

void plate::check_members(const Shape& shape, Index axis) const {
  const std::size_t a = normalize_axis(axis, shape, plate_text(frame_.name));
  if (shape[a] == size()) return;
  fail(plate_text(frame_.name),
       "axis " + std::to_string(a) + " of shape " + to_string(shape) +
           " does not have the plate's size " + std::to_string(size()),
       "subsample takes what has all members along an axis; name that axis");
}

Tensor plate::subsample(const Tensor& x, Index axis) const {
  check_members(x.shape(), axis);
  return indices_ ? index_select(x, axis, *indices_) : x;
}

Mask plate::subsample(const Mask& x, Index axis) const {
  check_members(x.shape(), axis);
  return indices_ ? index_select(x, axis, indices_->values()) : x;
}

void plate::process(Message& message) {
  if (message.kind == Message::Kind::plate || message.kind == Message::Kind::partial) return;
  message.plates.push_back(frame_);
  if (message.kind != Message::Kind::sample) return;
  const auto from_right = static_cast<std::size_t>(-frame_.dim);
  const Shape batch = message.distribution.batch_shape();
  const Index own = batch.from_right(from_right);
  const Index b = frame_.subsample_size;
  if (own != b || batch.rank() < from_right) {
    if (own != 1) {
      fail("site '" + message.name.str() + "'",
           "batch shape " + to_string(batch) + " has size " + std::to_string(own) + " at dim " +
               std::to_string(frame_.dim) + ", where " + plate_text(frame_.name) + " has size " +
               std::to_string(b),
           "use to_event for dims that are not independent, or subsample the parameters");
    }
    Shape wide;
    for (std::size_t k = std::max(batch.rank(), from_right); k > 0; --k) {
      wide.push_back(k == from_right ? b : batch.from_right(k));
    }
    message.distribution = message.distribution.expand(wide);
  }
  message.scale *= frame_.scale();
}

// A parameter with one value a member of the plate: those of the subsample.
void plate::postprocess(Message& message) {
  if (message.kind != Message::Kind::param || !message.event_dim || !indices_) return;
  const Index axis = frame_.dim - *message.event_dim;
  if (-axis > message.value.dim()) return;
  if (message.value.shape().from_right(static_cast<std::size_t>(-axis)) != size()) return;
  message.value = index_select(message.value, axis, *indices_);
}

}  // namespace ember
