// Trace: the record of one execution of a model.
#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <ember/handlers/site.hpp>

namespace ember {

/// An open or closed plate of a trace: which of its `size` members were executed.
struct TracePlate {
  PlateFrame frame;
  std::optional<Indices> indices;  // where it was subsampled

  /// An error where a plate message of the same name asks for another size, or has other members.
  void check_again(const Message& message) const;
};

/// Sites in program order, with lookup by name.
class Trace {
 public:
  Trace();
  Trace(const Trace&);
  Trace(Trace&&) noexcept;
  Trace& operator=(const Trace&);
  Trace& operator=(Trace&&) noexcept;
  ~Trace();

  const Site& operator[](Name name) const;
  /// The site of a name, or null.
  const Site* find(Name name) const;
  bool contains(Name name) const { return find(name) != nullptr; }

  std::size_t size() const { return sites_.size(); }
  bool empty() const { return sites_.empty(); }
  std::vector<Site>::const_iterator begin() const { return sites_.begin(); }
  std::vector<Site>::const_iterator end() const { return sites_.end(); }

  /// Plates in the order in which they were first opened.
  const std::vector<TracePlate>& plates() const { return plates_; }
  const TracePlate* find_plate(Name name) const;

  /// The log joint: the sum over all sites of the log densities, after masks and scales.
  Tensor log_prob_sum() const;
  /// A table of the sites' batch, event and value shapes.
  std::string format_shapes() const;
  /// A table of the sites: kind, family, plates, shapes, kept elements and what hides the others,
  /// scale, log density, values; the log joint below.
  std::string format_table() const;

  /// As JSON: docs/trace.schema.json. Everything comes back exactly; densities are computed anew.
  nlohmann::json to_json() const;
  static Trace from_json(const nlohmann::json& json);
  void save(const std::string& file) const;
  static Trace load(const std::string& file);

  /// The latent and deterministic sites as a CmdStan CSV file of one draw, see save_draws; lp__ is
  /// the log joint.
  void to_csv(const std::string& file) const;

  /// An error where the trace has a site of that name already.
  void add(Site&& site);
  /// The site of a message, with this distribution and element mask: see Site.
  void add(const Message& message, const distributions::Distribution& d, const Mask& elements);
  void add(const Message& message) { add(message, message.distribution, message.element_mask); }
  void add(const TracePlate& plate);
  void clear();

 private:
  /// Whether a site is to be added: a parameter is once. An error where the name is taken.
  bool admits(Name name, const Place& place, bool is_param) const;
  void enter_last();

  std::vector<Site> sites_;
  std::vector<TracePlate> plates_;
  std::unordered_map<std::uint32_t, std::size_t> index_;  // by name; made from kIndexed sites on
};

/// All that a trace knows of one site, for people.
std::string format_site(const Site& site);

}  // namespace ember
