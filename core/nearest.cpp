#include <ember/core/nearest.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace ember::detail {
namespace {

// How many letters have to be put in, taken out, replaced, or changed with their neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::vector<std::size_t>;
  Row last_but_one(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    last_but_one.swap(last);
    last.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool is_swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swapped) row[j] = std::min(row[j], last_but_one[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view name, std::span<const std::string> names) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : names) {
    const std::size_t d = distance(name, candidate);
    if (d >= least) continue;
    least = d;
    best = &candidate;
  }
  return best == nullptr ? "" : "did you mean '" + *best + "'? ";
}

std::string names_to_choose(std::string_view name, std::span<const std::string> names,
                            std::string_view intro) {
  std::string text = did_you_mean(name, names);
  text += intro;
  for (const std::string& one : names) text += (&one == names.data() ? "" : ", ") + one;
  return text;
}

}  // namespace ember::detail
