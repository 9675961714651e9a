// Whole numbers that stand for positions, shared by all who use them: what was found out about them
// costs once.
#pragma once

#include <memory>
#include <mutex>
#include <span>

#include <ember/core/mask.hpp>
#include <ember/core/pool.hpp>

namespace ember::detail {

/// The least and the greatest of some indices; 0 and -1 where there are none.
struct IndexRange {
  Index lowest = 0, highest = -1;
};
IndexRange range_of(std::span<const Index> at);

class IndexOrder;

class IndexList {
 public:
  explicit IndexList(Positions at);

  const Positions& at() const { return at_; }
  IndexRange range() const { return range_; }
  /// Which of 0 .. bound - 1 are in the list; all of it lies there.
  Mask named(Index bound) const;
  /// Whether it was made while nothing was recorded: of data, and what is found out about it serves
  /// many steps.
  bool is_data() const { return is_data_; }
  /// Its order, of indices that are not negative.
  const IndexOrder& order() const;

 private:
  Positions at_;
  IndexRange range_;
  bool is_data_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const IndexOrder> order_;
  mutable Mask named_;  // for the bound asked for last: its size
  mutable bool has_named_ = false;
};

using IndexListPtr = std::shared_ptr<const IndexList>;
IndexListPtr make_index_list(Positions at);

}  // namespace ember::detail
