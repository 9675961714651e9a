#include <ember/distributions/json.hpp>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/core/nearest.hpp>
#include <ember/core/operators.hpp>
#include <ember/core/visible_coordinates.hpp>
#include <ember/distributions/family.hpp>
#include <ember/distributions/transformed.hpp>

namespace ember {

using nlohmann::json;

namespace {

using distributions::Distribution;
using distributions::Family;
using distributions::FamilyInfo;

// How tables and pages name a family of another program. It stands before the Family made of it.
struct ForeignName {
  std::string shown_name;
  FamilyInfo foreign_info;

  explicit ForeignName(const std::string& name)
      : shown_name(name + " (unknown)"), foreign_info{shown_name.c_str(), {}, nullptr} {}
};

// A family of another program: what its file says of it.
class UnknownFamily final : private ForeignName, public Family {
 public:
  UnknownFamily(json text, const std::string& name, const Shape& batch, Shape event)
      : ForeignName(name),
        Family(foreign_info, {}),
        json_(std::move(text)),
        event_shape_(std::move(event)) {
    set_batch_shape(batch);
  }
  const json& written() const { return json_; }

  Shape event_shape() const override { return event_shape_; }
  Constraint support() const override {
    return Constraint(Constraint::Kind::any).independent(event_shape_.rank());
  }
  Tensor log_prob(const Tensor&, const Shape&, const Mask&) const override { unknown(); }
  Tensor sample(detail::RandomKey, const Shape&, const Mask&) const override { unknown(); }

 private:
  [[noreturn]] void unknown() const {
    fail("family '" + json_["family"].get<std::string>() + "'", "this program does not know it",
         "only its shapes and the densities that the file has can be read");
  }

  json json_;
  Shape event_shape_;
};

std::shared_ptr<const Family> family_from_json(const json& value, const std::string& path) {
  const std::string name =
      detail::string_from_json(detail::member(value, "family", path), path + "/family");
  if (name == "Transformed") {
    detail::check_keys(
        value, {"family", "elements", "event_axes", "event_shape", "mask", "base", "transform"},
        path);
    const Distribution base =
        distribution_from_json(detail::member(value, "base", path), path + "/base");
    const transforms::Transform transform =
        transform_from_json(detail::member(value, "transform", path), path + "/transform");
    return distributions::Transformed(base, transform).share_family();
  }
  const FamilyInfo* info = distributions::find_family(name);
  if (info == nullptr) {
    const Shape batch =
        shape_from_json(detail::member(value, "elements", path), path + "/elements");
    const Shape event =
        shape_from_json(detail::member(value, "event_shape", path), path + "/event_shape");
    return std::make_shared<UnknownFamily>(value, name, batch,
                                           event);  // keeps all that the file says
  }
  detail::check_keys(
      value, {"family", "elements", "event_axes", "event_shape", "mask", "parameters"}, path);
  const json& given = detail::member(value, "parameters", path);
  std::vector<Tensor> values(info->parameters.size());
  std::size_t found = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const char* key = info->parameters[i].name;
    if (!given.contains(key)) continue;
    values[i] = tensor_from_json(given[key], path + "/parameters/" + key);
    ++found;
  }
  if (!given.is_object() || found != given.size()) {
    std::string names;
    for (const auto& parameter : info->parameters) {
      names += (names.empty() ? "" : ", ") + std::string(parameter.name);
    }
    fail("json " + path + "/parameters", "these are not the parameters of " + name,
         "it has " + names);
  }
  return with_context("json", path, [&] { return info->make(values).share_family(); });
}

}  // namespace

json to_json(const Distribution& d, const Mask& visible) {
  if (const auto* unknown = dynamic_cast<const UnknownFamily*>(&d.family()))
    return unknown->written();
  json result{{"family", d.name()},
              {"elements", to_json(d.element_shape())},
              {"event_axes", d.reinterpreted()},
              {"event_shape", to_json(d.family().event_shape())}};
  if (const auto parts = distributions::parts_of(d.family())) {
    result["base"] = to_json(parts->base, visible);
    result["transform"] = to_json(parts->transform);
  } else {
    json parameters = json::object();
    for (const distributions::Parameter& p : d.family().parameters()) {
      parameters[p.info->name] =
          to_json(detail::visible_coordinates(p.value, p.info->event_dim, visible));
    }
    result["parameters"] = std::move(parameters);
  }
  if (!d.own_mask().is_all()) result["mask"] = to_json(d.own_mask());
  return result;
}

bool is_unknown(const Distribution& distribution) {
  if (const auto parts = distributions::parts_of(distribution.family())) {
    return is_unknown(parts->base);
  }
  return dynamic_cast<const UnknownFamily*>(&distribution.family()) != nullptr;
}

Distribution distribution_from_json(const json& value, const std::string& path) {
  const Shape elements =
      shape_from_json(detail::member(value, "elements", path), path + "/elements");
  const Index event_axes =
      detail::count_from_json(detail::member(value, "event_axes", path),
                              static_cast<Index>(elements.rank()), path + "/event_axes");
  Mask mask = true;
  if (value.contains("mask")) mask = mask_from_json(value["mask"], path + "/mask");
  auto family = family_from_json(value, path);
  const Shape event =
      shape_from_json(detail::member(value, "event_shape", path), path + "/event_shape");
  if (!(event == family->event_shape())) {
    fail("json " + path + "/event_shape",
         to_string(event) + " is not that of the parameters, " + to_string(family->event_shape()));
  }
  return with_context("json", path, [&] {
    return Distribution::from_normal_form(std::move(family), elements,
                                          static_cast<std::size_t>(event_axes), mask);
  });
}

json to_json(const transforms::Transform& transform) {
  json result{{"type", transform.rule().name()}};
  for (const auto& [name, number] : transform.rule().numbers()) result[name] = to_json(number);
  for (const transforms::Transform& part : transform.rule().parts()) {
    result["parts"].push_back(to_json(part));
  }
  return result;
}

namespace {

using transforms::Transform;

// What stands in a transform's object; whoever reads a member has asked for it.
class TransformReader {
 public:
  TransformReader(const json& value, const std::string& path) : value_(value), path_(path) {
    if (!value.contains("parts")) return;
    ++read_;
    const json& list = detail::array_from_json(value, "parts", path);
    for (std::size_t i = 0; i < list.size(); ++i) {
      parts_.push_back(transform_from_json(list[i], path + "/parts/" + std::to_string(i)));
    }
  }

  Tensor number(const char* name) {
    ++read_;
    return tensor_from_json(detail::member(value_, name, path_), path_ + "/" + name);
  }
  std::size_t count(const char* name) {
    const Tensor n = number(name);
    if (n.numel() != 1 || !(n.item() >= 0 && n.item() <= static_cast<Real>(kMaxRank)) ||
        n.item() != std::floor(n.item())) {
      fail("json " + path_ + "/" + name, "is no number of axes");
    }
    return static_cast<std::size_t>(n.item());
  }
  std::vector<Transform> parts() { return std::move(parts_); }
  Transform only_part() {
    if (parts_.size() != 1) fail("json " + path_ + "/parts", "expected one part");
    return parts_.front();
  }
  bool has_read_all() const { return read_ == value_.size(); }

 private:
  const json& value_;
  const std::string& path_;
  std::vector<Transform> parts_;
  std::size_t read_ = 1;  // its type
};

struct KnownTransform {
  const char* type;
  Transform (*make)(TransformReader& reader);
};

constexpr KnownTransform kTransforms[] = {
    {"Identity", [](TransformReader&) { return transforms::identity(); }},
    {"Exp", [](TransformReader&) { return transforms::exp(); }},
    {"Sigmoid", [](TransformReader&) { return transforms::sigmoid(); }},
    {"Tanh", [](TransformReader&) { return transforms::tanh(); }},
    {"Softplus", [](TransformReader&) { return transforms::softplus(); }},
    {"StickBreaking", [](TransformReader&) { return transforms::stick_breaking(); }},
    {"Softmax", [](TransformReader&) { return transforms::softmax(); }},
    {"LowerCholesky", [](TransformReader&) { return transforms::lower_cholesky(); }},
    {"PositiveDefinite", [](TransformReader&) { return transforms::positive_definite(); }},
    {"Power", [](TransformReader& r) { return transforms::power(r.number("exponent")); }},
    {"Affine",
     [](TransformReader& r) {
       return transforms::affine(r.number("loc"), r.number("scale"), r.count("event_dim"));
     }},
    {"Compose", [](TransformReader& r) { return transforms::compose(r.parts()); }},
    {"Inverse", [](TransformReader& r) { return r.only_part().inv(); }},
    {"Independent",
     [](TransformReader& r) { return transforms::independent(r.only_part(), r.count("n")); }},
};

}  // namespace

transforms::Transform transform_from_json(const json& value, const std::string& path) {
  const std::string type =
      detail::string_from_json(detail::member(value, "type", path), path + "/type");
  const auto* known =
      std::ranges::find_if(kTransforms, [&](const KnownTransform& t) { return type == t.type; });
  if (known == std::end(kTransforms)) {
    std::vector<std::string> types;
    for (const KnownTransform& t : kTransforms) types.emplace_back(t.type);
    fail("json " + path + "/type", "'" + type + "' is no transform that this program knows",
         detail::names_to_choose(type, types, "it knows "));
  }
  TransformReader reader(value, path);
  Transform result = with_context("json", path, [&] { return known->make(reader); });
  if (!reader.has_read_all()) {
    fail("json " + path, "it has keys that are none of '" + type + "'");
  }
  return result;
}

json to_json(const Constraint& constraint) {
  json result{{"kind", constraint.name()}, {"event_axes", constraint.reinterpreted()}};
  if (constraint.lower().defined()) result["lower"] = to_json(constraint.lower());
  if (constraint.upper().defined()) result["upper"] = to_json(constraint.upper());
  return result;
}

Constraint constraint_from_json(const json& value, const std::string& path) {
  const std::string kind =
      detail::string_from_json(detail::member(value, "kind", path), path + "/kind");
  const auto bound = [&](const char* name) {
    return value.contains(name) ? tensor_from_json(value[name], path + "/" + name) : Tensor();
  };
  const std::optional<Constraint::Kind> known = Constraint::kind_of(kind);
  if (!known) {
    fail("json " + path + "/kind", "'" + kind + "' is no constraint",
         detail::names_to_choose(kind, Constraint::kind_names(), "constraints are "));
  }
  detail::check_keys(value, {"kind", "event_axes", "lower", "upper"}, path);
  const Constraint result = with_context(
      "json", path, [&] { return Constraint(*known, bound("lower"), bound("upper")); });
  if (result.has_lower() != result.lower().defined() ||
      result.has_upper() != result.upper().defined()) {
    fail("json " + path, "these are not the bounds of '" + kind + "'");
  }
  return result.independent(static_cast<std::size_t>(
      detail::count_from_json(detail::member(value, "event_axes", path),
                              static_cast<Index>(kMaxRank), path + "/event_axes")));
}

}  // namespace ember
