#include <ember/handlers/param_store_json.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/distributions/json.hpp>

namespace ember {

using nlohmann::json;

namespace {

constexpr const char* kParamsSchema = "ember-params/1";

// "value" is for readers; a file where somebody changed it would otherwise be read as before.
void check_value(const json& given, const Tensor& expected, const std::string& path) {
  // Of another machine's functions, and of a file of floats.
  constexpr Real kRounding = sizeof(Real) == 8 ? Real(1e-5) : Real(1e-4);
  const Tensor value = tensor_from_json(given, path);
  bool is_near = value.shape() == expected.shape();
  for (std::size_t i = 0; is_near && i < value.data().size(); ++i) {
    const Real a = value.data()[i];
    const Real b = expected.data()[i];
    is_near = a == b || (std::isnan(a) && std::isnan(b)) ||
              std::abs(a - b) <= kRounding * (1 + std::abs(b));
  }
  if (!is_near) {
    fail("json " + path, "is not what the constraint makes of \"unconstrained\"",
         "change \"unconstrained\", or use ParamStore::set");
  }
}

}  // namespace

json params_to_json(const ParamStore& store) {
  json params = json::array();
  for (const std::string& name : store.names()) {
    const ParamStore::Entry entry = store.find(Name(name));
    if (!entry) continue;  // another thread has erased it
    params.push_back({{"name", name},
                      {"constraint", to_json(entry->constraint)},
                      {"unconstrained", to_json(entry->unconstrained)},
                      {"value", to_json(transform_to(entry->constraint)(entry->unconstrained))}});
  }
  return params;
}

std::vector<ParamStore::Entry> params_from_json(const json& params, const std::string& path) {
  if (!params.is_array()) fail("json " + path, "expected an array");
  std::vector<ParamStore::Entry> entries;
  std::set<std::string> names;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const std::string here = path + "/" + std::to_string(i);
    const auto part = [&](const char* key) -> const json& {
      return detail::member(params[i], key, here);
    };
    detail::check_keys(params[i], {"name", "constraint", "unconstrained", "value"}, here);
    const std::string name = detail::name_from_json(part("name"), here + "/name");
    if (!names.insert(name).second) {
      fail("json " + here + "/name", "the file has '" + name + "' twice");
    }
    const detail::ParamEntry entry{
        Name(name), constraint_from_json(part("constraint"), here + "/constraint"),
        tensor_from_json(part("unconstrained"), here + "/unconstrained")};
    const Tensor constrained = with_context("json", here + "/unconstrained", [&] {
      return transform_to(entry.constraint)(entry.unconstrained);
    });
    if (params[i].contains("value")) check_value(params[i]["value"], constrained, here + "/value");
    entries.push_back(std::make_shared<detail::ParamEntry>(entry));
  }
  return entries;
}

void ParamStore::save(const std::string& path) const {
  const json content{{"schema", kParamsSchema}, {"params", params_to_json(*this)}};
  detail::write_json_file(path, content);
}

void ParamStore::load(const std::string& path) {
  detail::reading(path, [&] {
    const detail::JsonFile document(path);
    const json& content = *document;
    detail::check_schema(content, kParamsSchema);
    detail::check_keys(content, {"schema", "params"}, "");
    put(params_from_json(detail::member(content, "params", ""), "/params"));
  });
}

}  // namespace ember
