#include <ember/inference/checkpoint.hpp>

#include <nlohmann/json.hpp>

#include <limits>

#include <ember/core/error.hpp>
#include <ember/core/json.hpp>
#include <ember/core/name_table.hpp>
#include <ember/core/number_text.hpp>
#include <ember/core/random.hpp>
#include <ember/handlers/param_store_json.hpp>

namespace ember::inference {

using nlohmann::json;

namespace {

constexpr const char* kCheckpointSchema = "ember-checkpoint/1";
constexpr Index kMaxCount = std::numeric_limits<Index>::max();

json moment_to_json(const Moment& numbers) {
  json result = json::array();
  for (const Real number : numbers) result.push_back(to_json(number));
  return result;
}

json optimizer_to_json(const Optimizer& optimizer) {
  json params = json::object();
  for (const OptimizerState& state : optimizer.states().params) {
    if (param_store().find(state.name) != state.entry) continue;  // it would begin anew
    const auto& [first, second, third] = state.moments;
    json& param = params[state.name.str()];
    param = {{"steps", state.steps},
             {"first", moment_to_json(first)},
             {"second", moment_to_json(second)}};
    if (!third.empty()) param["third"] = moment_to_json(third);
  }
  return {{"name", optimizer.name()},
          {"steps", optimizer.states().steps},
          {"params", std::move(params)}};
}

json random_to_json(const detail::RandomState& random) {
  json counts = json::object();
  for (std::size_t id = 0; id < random.counts.size(); ++id) {
    if (random.counts[id] == 0) continue;
    counts[detail::name_with_id(static_cast<std::uint32_t>(id)).str()] = random.counts[id];
  }
  return {{"seed", random.seed}, {"counts", std::move(counts)}};
}

json values_to_json(const Values& values) {
  json result = json::object();
  for (const auto& [name, value] : values) result[name] = to_json(value);
  return result;
}

const json& object_of(const json& parent, const char* key, const std::string& path) {
  const json& value = detail::member(parent, key, path);
  if (!value.is_object()) {
    fail("json " + path + "/" + key, std::string("expected an object, found ") + value.type_name());
  }
  return value;
}

Index count_of(const json& parent, const char* key, const std::string& path) {
  return detail::count_from_json(detail::member(parent, key, path), kMaxCount, path + "/" + key);
}

std::uint64_t word_from_json(const json& value, const std::string& path) {
  if (!value.is_number_unsigned()) {
    fail("json " + path, "expected a whole number that is not negative, found " + value.dump());
  }
  return value.get<std::uint64_t>();
}

// A moment has as many numbers as its parameter, or none.
Moment moment_from_json(const json& parent, const char* key, Index n, const std::string& path) {
  const std::string here = path + "/" + key;
  const json& value = detail::member(parent, key, path);
  if (!value.is_array()) fail("json " + here, "expected an array");
  if (!value.empty() && static_cast<Index>(value.size()) != n) {
    fail("json " + here, detail::counted(value.size(), "number") + " for a parameter of " +
                             detail::counted(n, "element"));
  }
  Moment moment;
  for (std::size_t i = 0; i < value.size(); ++i) {
    moment.push_back(real_from_json(value[i], here + "/" + std::to_string(i)));
  }
  return moment;
}

OptimizerStates states_from_json(const json& content, const char* rule,
                                 const std::vector<ParamStore::Entry>& params) {
  const std::string path = "/optimizer";
  const json& optimizer = object_of(content, "optimizer", "");
  detail::check_keys(optimizer, {"name", "steps", "params"}, path);
  const std::string name =
      detail::string_from_json(detail::member(optimizer, "name", path), path + "/name");
  if (name != rule) {
    fail("json " + path + "/name", "the file is of a fit with " + name + ", this one has " + rule,
         "load it into an SVI with the same optimiser");
  }
  OptimizerStates states;
  states.steps = count_of(optimizer, "steps", path);
  for (const auto& [param, state] : object_of(optimizer, "params", path).items()) {
    const std::string here = path + "/params/" + param;
    const auto found =
        std::find_if(params.begin(), params.end(),
                     [&key = param](const auto& entry) { return entry->name == key; });
    if (found == params.end()) fail("json " + here, "the file has no parameter of this name");
    detail::check_keys(state, {"steps", "first", "second", "third"}, here);
    const Index n = (*found)->unconstrained.numel();
    states.params.push_back(
        {(*found)->name,
         *found,
         {moment_from_json(state, "first", n, here), moment_from_json(state, "second", n, here),
          state.contains("third") ? moment_from_json(state, "third", n, here) : Moment()},
         count_of(state, "steps", here),
         true});
  }
  return states;
}

detail::RandomState random_from_json(const json& content) {
  const json& random = object_of(content, "random", "");
  detail::check_keys(random, {"seed", "counts"}, "/random");
  detail::RandomState state{
      word_from_json(detail::member(random, "seed", "/random"), "/random/seed"), {}};
  for (const auto& [name, count] : object_of(random, "counts", "/random").items()) {
    const std::size_t id = Name(name).id();
    if (state.counts.size() <= id) state.counts.resize(id + 1);
    state.counts[id] = word_from_json(count, "/random/counts/" + name);
  }
  return state;
}

Values baselines_from_json(const json& content) {
  Values baselines;
  for (const auto& [site, value] : object_of(content, "baselines", "").items()) {
    baselines[site] = tensor_from_json(value, "/baselines/" + site);
  }
  return baselines;
}

}  // namespace

void save_checkpoint(const std::string& path, const Optimizer& optimizer, const TraceELBO& elbo) {
  const json content{{"schema", kCheckpointSchema},
                     {"params", params_to_json(param_store())},
                     {"optimizer", optimizer_to_json(optimizer)},
                     {"baselines", values_to_json(elbo.baselines())},
                     {"random", random_to_json(detail::random_state())}};
  detail::write_json_file(path, content);
}

void load_checkpoint(const std::string& path, Optimizer& optimizer, TraceELBO& elbo) {
  detail::reading(path, [&] {
    const detail::JsonFile document(path);
    const json& content = *document;
    detail::check_schema(content, kCheckpointSchema);
    detail::check_keys(content, {"schema", "params", "optimizer", "baselines", "random"}, "");
    std::vector<ParamStore::Entry> params =
        params_from_json(detail::member(content, "params", ""), "/params");
    OptimizerStates states = states_from_json(content, optimizer.name(), params);
    Values baselines = baselines_from_json(content);
    detail::RandomState random = random_from_json(content);
    // Only a whole file changes anything.
    param_store().put(params);
    optimizer.states() = std::move(states);
    elbo.baselines() = std::move(baselines);
    detail::random_state() = std::move(random);
  });
}

}  // namespace ember::inference
