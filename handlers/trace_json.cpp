// Traces as JSON.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/core/number_text.hpp>
#include <ember/distributions/json.hpp>
#include <ember/handlers/trace.hpp>
#include <ember/handlers/trace_check.hpp>

namespace ember {

using nlohmann::json;

namespace {

constexpr const char* kTraceSchema = "ember-trace/1";

json plate_to_json(const TracePlate& plate) {
  json result{{"name", plate.frame.name.str()},
              {"dim", plate.frame.dim},
              {"size", plate.frame.size},
              {"subsample_size", plate.frame.subsample_size}};
  if (plate.indices) {
    json indices = json::array();
    for (Index i : plate.indices->values()) indices.push_back(i);
    result["indices"] = std::move(indices);
  }
  return result;
}

// Texts that stand for numbers are in an object, apart from texts that are notes.
json note_to_json(const Infer::Note& note) {
  if (const double* number = std::get_if<double>(&note); number != nullptr) {
    return std::isfinite(*number) ? json(*number)
                                  : json{{"number", to_json(static_cast<Real>(*number))}};
  }
  return std::visit([](const auto& v) { return json(v); }, note);
}

json infer_to_json(const Infer& infer) {
  json result = json::object();
  for (const auto& [key, note] : infer) result[key] = note_to_json(note);
  return result;
}

json site_to_json(const Site& site) {
  json result{{"name", site.name.str()},         {"kind", to_string(site.kind)},
              {"is_observed", site.is_observed}, {"value", to_json(site.value)},
              {"plates", json::array()},         {"infer", infer_to_json(site.infer)}};
  for (const PlateFrame& plate : site.plates) result["plates"].push_back(plate.name.str());
  if (site.parents) {
    result["parents"] = json::array();
    for (Name parent : *site.parents) result["parents"].push_back(parent.str());
  }
  if (!site.has_distribution()) return result;
  result["distribution"] = to_json(site.distribution, site.mask);
  result["mask"] = to_json(site.mask);
  const Site::OuterMasks& outer = site.outer_masks();
  if (!outer.handlers.is_all()) result["handler_mask"] = to_json(outer.handlers);
  if (!outer.elements.is_all()) result["element_mask"] = to_json(outer.elements);
  if (outer.obs) result["obs_mask"] = to_json(*outer.obs);
  const Site::Hidden hidden = site.hidden();
  result["elements"] = {{"kept", site.mask.count()},
                        {"total", site.mask.numel()},
                        {"hidden_by_distribution", hidden.distribution},
                        {"hidden_by_handlers", hidden.handlers},
                        {"hidden_by_obs_mask", hidden.obs}};
  result["scale"] = to_json(site.scale.number());
  if (!site.scale.is_number()) result["scale_tensor"] = to_json(site.scale.tensor());
  result["log_prob"] = to_json(site.log_prob());
  result["log_prob_sum"] = to_json(site.log_prob_sum().item());
  return result;
}

TracePlate plate_from_json(const json& value, const std::string& path) {
  constexpr Index kLargest = Index{1} << 52;
  detail::check_keys(value, {"name", "dim", "size", "subsample_size", "indices"}, path);
  TracePlate plate;
  plate.frame.name =
      Name(detail::name_from_json(detail::member(value, "name", path), path + "/name"));
  const json& dim = detail::member(value, "dim", path);
  const bool is_small = dim.is_number_integer() && dim <= 0 && dim >= -static_cast<Index>(kMaxRank);
  if (!is_small) fail("json " + path + "/dim", dim.dump() + " is no plate dim");
  plate.frame.dim = dim.get<Index>();
  plate.frame.size =
      detail::count_from_json(detail::member(value, "size", path), kLargest, path + "/size");
  plate.frame.subsample_size = detail::count_from_json(
      detail::member(value, "subsample_size", path), kLargest, path + "/subsample_size");
  if (!value.contains("indices")) {
    if (plate.frame.subsample_size == plate.frame.size) return plate;
    fail("json " + path, "the key \"indices\" is missing: which of the members were executed");
  }
  const json& list = detail::array_from_json(value, "indices", path);
  if (static_cast<Index>(list.size()) != plate.frame.subsample_size) {
    fail("json " + path + "/indices", "has " + detail::counted(list.size(), "member") +
                                          ", and subsample_size is " +
                                          std::to_string(plate.frame.subsample_size));
  }
  std::vector<Index> indices;
  for (std::size_t i = 0; i < list.size(); ++i) {
    indices.push_back(detail::count_from_json(list[i], plate.frame.size - 1,
                                              path + "/indices/" + std::to_string(i)));
  }
  plate.indices = Indices(indices);
  return plate;
}

Infer::Note note_from_json(const json& value, const std::string& path) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return static_cast<double>(real_from_json(value, path));
  detail::check_keys(value, {"number"}, path);
  return static_cast<double>(
      real_from_json(detail::member(value, "number", path), path + "/number"));
}

Infer infer_from_json(const json& value, const std::string& path) {
  if (!value.is_object()) fail("json " + path, "expected an object");
  Infer infer;
  for (const auto& item : value.items()) {
    infer[item.key()] = note_from_json(item.value(), path + "/" + item.key());
  }
  return infer;
}

// Names of sites that stand before this one in the trace.
std::vector<Name> parents_from_json(const json& value, const Trace& trace,
                                    const std::string& path) {
  if (!value.is_array()) fail("json " + path, "expected an array of names");
  std::vector<Name> parents;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string here = path + "/" + std::to_string(i);
    const Name parent(detail::string_from_json(value[i], here));
    if (!trace.contains(parent)) {
      fail("json " + here, "there is no site '" + parent.str() + "' before this one");
    }
    if (std::find(parents.begin(), parents.end(), parent) != parents.end()) {
      fail("json " + here, "'" + parent.str() + "' stands here twice");
    }
    parents.push_back(parent);
  }
  return parents;
}

// The kind of message that a kind of site comes from.
Message::Kind message_kind(const std::string& kind, const std::string& path) {
  if (kind == "latent" || kind == "observed" || kind == "factor") return Message::Kind::sample;
  if (kind == "deterministic") return Message::Kind::deterministic;
  if (kind == "param") return Message::Kind::param;
  fail("json " + path, "'" + kind + "' is no kind of site");
}

Site site_from_json(const json& value, const Trace& trace, bool as_precise,
                    const std::string& path) {
  const auto text = [&](const char* key) {
    return detail::string_from_json(detail::member(value, key, path), path + "/" + key);
  };
  Message message;
  const std::string kind = text("kind");
  message.name = Name(detail::name_from_json(detail::member(value, "name", path), path + "/name"));
  message.kind = message_kind(kind, path + "/kind");
  if (message.kind == Message::Kind::sample) {
    detail::check_keys(value,
                       {"name", "kind", "is_observed", "value", "plates", "infer", "parents",
                        "distribution", "mask", "handler_mask", "element_mask", "obs_mask",
                        "elements", "scale", "scale_tensor", "log_prob", "log_prob_sum"},
                       path);
  } else {
    detail::check_keys(
        value, {"name", "kind", "is_observed", "value", "plates", "infer", "parents"}, path);
  }
  message.is_observed =
      detail::bool_from_json(detail::member(value, "is_observed", path), path + "/is_observed");
  message.value = tensor_from_json(detail::member(value, "value", path), path + "/value");
  const json& names = detail::array_from_json(value, "plates", path);
  if (names.size() > kMaxRank) fail("json " + path + "/plates", "has more than 12 names");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string here = path + "/plates/" + std::to_string(i);
    const std::string name = detail::string_from_json(names[i], here);
    const TracePlate* plate = trace.find_plate(Name(name));
    if (plate == nullptr) fail("json " + here, "there is no plate '" + name + "' in /plates");
    message.plates.push_back(plate->frame);
  }
  message.infer = infer_from_json(detail::member(value, "infer", path), path + "/infer");
  if (message.kind != Message::Kind::sample) return Site(message);

  message.distribution =
      distribution_from_json(detail::member(value, "distribution", path), path + "/distribution");
  const auto mask = [&](const char* key) { return mask_from_json(value[key], path + "/" + key); };
  if (value.contains("handler_mask")) message.mask = mask("handler_mask");
  if (value.contains("element_mask")) message.element_mask = mask("element_mask");
  if (value.contains("obs_mask")) message.obs_mask = mask("obs_mask");
  message.scale = real_from_json(detail::member(value, "scale", path), path + "/scale");
  if (value.contains("scale_tensor")) {
    message.scale *= ScaleFactor(tensor_from_json(value["scale_tensor"], path + "/scale_tensor"));
  }
  Site site = with_context("json", path, [&] { return Site(message); });
  if (kind != to_string(site.kind)) {
    fail("json " + path + "/kind",
         "the site is '" + std::string(to_string(site.kind)) + "' by its other members");
  }
  detail::check_site(site, value, as_precise, path);
  return site;
}

}  // namespace

json Trace::to_json() const {
  json plates = json::array();
  for (const TracePlate& plate : plates_) plates.push_back(plate_to_json(plate));
  json sites = json::array();
  for (const Site& site : sites_) sites.push_back(site_to_json(site));
  return {{"schema", kTraceSchema},
          {"real", sizeof(Real) == 8 ? "double" : "float"},
          {"plates", std::move(plates)},
          {"sites", std::move(sites)},
          {"log_prob_sum", ember::to_json(log_prob_sum().item())}};
}

Trace Trace::from_json(const json& value) {
  detail::check_schema(value, kTraceSchema);
  detail::check_keys(value, {"schema", "real", "plates", "sites", "log_prob_sum"}, "");
  const std::string real = detail::string_from_json(detail::member(value, "real", ""), "/real");
  if (real != "double" && real != "float") fail("json /real", "'" + real + "' is no precision");
  const bool as_precise = (real == "double") == (sizeof(Real) == 8);
  Trace trace;
  const json& plates = detail::array_from_json(value, "plates", "");
  for (std::size_t i = 0; i < plates.size(); ++i) {
    const std::string path = "/plates/" + std::to_string(i);
    const TracePlate plate = plate_from_json(plates[i], path);
    with_context("json", path, [&] { trace.add(plate); });
  }
  const json& sites = detail::array_from_json(value, "sites", "");
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const std::string path = "/sites/" + std::to_string(i);
    Site site = site_from_json(sites[i], trace, as_precise, path);
    if (sites[i].contains("parents")) {
      site.parents = parents_from_json(sites[i]["parents"], trace, path + "/parents");
    }
    if (trace.contains(site.name)) {
      fail("json " + path + "/name", "there is a site '" + site.name.str() + "' already");
    }
    trace.add(std::move(site));
  }
  detail::check_log_joint(trace, value, as_precise);
  return trace;
}

void Trace::save(const std::string& file) const { detail::write_json_file(file, to_json()); }

Trace Trace::load(const std::string& file) {
  return detail::reading(file, [&] { return from_json(*detail::JsonFile(file)); });
}

}  // namespace ember
