#include <ember/handlers/trace.hpp>

#include <algorithm>

#include <ember/core/error.hpp>
#include <ember/core/nearest.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/text_table.hpp>
#include <ember/core/total.hpp>

namespace ember {
namespace {

// Up to so many sites a scan beats a hash table.
constexpr std::size_t kIndexed = 16;

}  // namespace

// Here, so that no model's source makes all the code of a list of sites.
Trace::Trace() = default;
Trace::Trace(const Trace&) = default;
Trace::Trace(Trace&&) noexcept = default;
Trace& Trace::operator=(const Trace&) = default;
Trace& Trace::operator=(Trace&&) noexcept = default;
Trace::~Trace() = default;

const Site* Trace::find(Name name) const {
  if (sites_.size() > kIndexed) {
    const auto found = index_.find(name.id());
    return found == index_.end() ? nullptr : &sites_[found->second];
  }
  const auto found =
      std::find_if(sites_.begin(), sites_.end(), [&](const Site& s) { return s.name == name; });
  return found == sites_.end() ? nullptr : &*found;
}

const Site& Trace::operator[](Name name) const {
  const Site* site = find(name);
  if (site != nullptr) return *site;
  std::vector<std::string> names;
  for (const Site& s : sites_) names.push_back(s.name.str());
  fail("trace", "there is no site '" + name.str() + "'",
       sites_.empty() ? "the trace is empty"
                      : detail::names_to_choose(name, names, "its sites are "));
}

void TracePlate::check_again(const Message& message) const {
  const std::string who = "plate '" + frame.name.str() + "'";
  const Index size = message.plate.size;
  if (frame.size != size) {
    fail(who,
         "was opened with size " + std::to_string(frame.size) + " and again with size " +
             std::to_string(size),
         "a plate keeps its size; give the other one another name");
  }
  if (!indices || !message.indices) return;
  if (std::ranges::equal(indices->values(), message.indices->values())) return;
  fail(who, "was opened again with other members",
       "give it the same .subsample, or none: then it has the members that it had before");
}

const TracePlate* Trace::find_plate(Name name) const {
  for (const TracePlate& plate : plates_) {
    if (plate.frame.name == name) return &plate;
  }
  return nullptr;
}

bool Trace::admits(Name name, const Place& place, bool is_param) const {
  const Site* there = find(name);
  if (there == nullptr) return true;
  if (there->kind == SiteKind::param && is_param) return false;
  fail_at_site(name, place, "the trace has a site of this name already",
               "each site of an execution needs a name of its own");
}

void Trace::add(Site&& site) {
  if (!admits(site.name, site.place, site.kind == SiteKind::param)) return;
  sites_.push_back(std::move(site));
  if (sites_.size() > kIndexed) enter_last();
}

void Trace::add(const Message& message, const distributions::Distribution& d,
                const Mask& elements) {
  if (!admits(message.name, message.place, message.kind == Message::Kind::param)) return;
  sites_.emplace_back(message, d, elements);
  if (sites_.size() > kIndexed) enter_last();
}

void Trace::add(const TracePlate& plate) { plates_.push_back(plate); }

void Trace::enter_last() {
  if (sites_.size() == kIndexed + 1) {
    for (std::size_t i = 0; i < kIndexed; ++i) index_[sites_[i].name.id()] = i;
  }
  index_[sites_.back().name.id()] = sites_.size() - 1;
}

void Trace::clear() {
  sites_.clear();
  plates_.clear();
  index_.clear();
}

Tensor Trace::log_prob_sum() const {
  detail::Total total;
  for (const Site& site : sites_) {
    if (site.has_distribution()) total.add(site.log_prob_sum());
  }
  return total.result();
}

std::string Trace::format_shapes() const {
  detail::TextTable table({"site", "batch", "event", "value", "kept"});
  for (const Site& site : sites_) {
    std::vector<std::string> row{site.name.str(), "", "", to_string(site.value.shape()), ""};
    if (site.has_distribution()) {
      row[1] = to_string(site.distribution.batch_shape());
      row[2] = to_string(site.distribution.event_shape());
      row[4] = std::to_string(site.mask.count()) + "/" + std::to_string(site.mask.numel());
    }
    table.add(std::move(row));
  }
  return table.text(detail::TextTable::Rule::none);
}

}  // namespace ember
