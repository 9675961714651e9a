// The members of subsampled plates: tensors that have rows for all of them, or for those that are
// executed.
#pragma once

#include <ember/handlers/message.hpp>

namespace ember::inference {

/// Whether a plate executes some of its members.
inline bool is_subsampled(const PlateFrame& plate) { return plate.subsample_size != plate.size; }
/// Whether one of the support's bounds has numbers of its own for the members that are executed.
bool has_bounds_by_member(const Constraint& support, const Plates& plates);

/// The rows of x that the open plates execute, where x has all. The last event_dim axes are no
/// plates', here and below.
Tensor executed_rows(const Tensor& x, const Plates& plates, std::size_t event_dim);
/// With as many rows as the plates have members: where x has some, these repeat.
Tensor at_full_size(Tensor x, const Plates& plates, std::size_t event_dim);
/// A value expanded to the members that are executed, or to all where it does not have as many.
Tensor over_site(const Tensor& value, const Message& site);

}  // namespace ember::inference
