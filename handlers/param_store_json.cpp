// The parameter store as a file.
#include <nlohmann/json.hpp>

#include <mutex>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/distributions/biject_to.hpp>
#include <ember/distributions/json.hpp>
#include <ember/handlers/param_store.hpp>

namespace ember {

using nlohmann::json;

namespace {

constexpr const char* kSchema = "ember-params/1";

}  // namespace

void ParamStore::save(const std::string& path) const {
  json params = json::array();
  for (const std::string& name : names()) {
    const Entry entry = find(Name(name));
    if (!entry) continue;  // another thread has erased it
    params.push_back({{"name", name},
                      {"constraint", to_json(entry->constraint)},
                      {"unconstrained", to_json(entry->unconstrained)},
                      {"value", to_json(transform_to(entry->constraint)(entry->unconstrained))}});
  }
  const json content{{"schema", kSchema}, {"params", std::move(params)}};
  detail::write_file(path, content.dump() + "\n");
}

void ParamStore::load(const std::string& path) {
  const json content = detail::read_json_file(path);
  std::vector<Entry> loaded;
  with_context("file", path, [&] {
    const std::string schema =
        detail::string_from_json(detail::member(content, "schema", ""), "/schema");
    if (schema != kSchema) {
      fail("json /schema", "'" + schema + "' is no parameter store that this program reads",
           std::string("it reads ") + kSchema);
    }
    const json& params = detail::member(content, "params", "");
    if (!params.is_array()) fail("json /params", "expected an array");
    for (std::size_t i = 0; i < params.size(); ++i) {
      const std::string here = "/params/" + std::to_string(i);
      const auto part = [&](const char* key) -> const json& {
        return detail::member(params[i], key, here);
      };
      loaded.push_back(std::make_shared<detail::ParamEntry>(
          detail::ParamEntry{Name(detail::string_from_json(part("name"), here + "/name")),
                             constraint_from_json(part("constraint"), here + "/constraint"),
                             tensor_from_json(part("unconstrained"), here + "/unconstrained")}));
    }
  });
  // Only a whole file changes the store.
  const std::unique_lock lock(mutex_);
  for (Entry& entry : loaded) {
    Entry& slot = entries_[entry->name.id()];
    if (!slot) order_.push_back(entry->name);
    slot = std::move(entry);
  }
}

}  // namespace ember
