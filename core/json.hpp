// Tensors and masks as JSON. Every number comes back as the same bits; what is not finite is
// written as "NaN", "Infinity" or "-Infinity". Errors name the JSON path of what is wrong.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <ember/core/file.hpp>
#include <ember/core/mask.hpp>
#include <ember/core/tensor.hpp>

namespace ember {

nlohmann::json to_json(Real number);
nlohmann::json to_json(const Shape& shape);
/// {"shape": [2, 2], "data": [1, 2, 3, "NaN"]}, row-major; where a tensor has coordinates
/// {"shape": [2, 2], "positions": [1, 2], "data": [2, 3]}, with "elsewhere": 0 where the other
/// elements are 0.
nlohmann::json to_json(const Tensor& x);
/// {"shape": [4], "bits": "0110"} or, where that is shorter, {"shape": [4], "runs": [1, 2, 1]}: the
/// lengths of the runs of equal elements, hidden ones first; a mask of coordinates as {"shape":
/// [4], "positions": [1, 2]}.
nlohmann::json to_json(const Mask& mask);

/// The readers; `path` says where `json` stands in its document ("/sites/3/value").
Real real_from_json(const nlohmann::json& json, const std::string& path);
Shape shape_from_json(const nlohmann::json& json, const std::string& path);
Tensor tensor_from_json(const nlohmann::json& json, const std::string& path);
Mask mask_from_json(const nlohmann::json& json, const std::string& path);

namespace detail {

/// The member of an object; an error where it is absent or `json` is no object.
const nlohmann::json& member(const nlohmann::json& json, const char* key, const std::string& path);
std::string string_from_json(const nlohmann::json& json, const std::string& path);
bool bool_from_json(const nlohmann::json& json, const std::string& path);
/// A whole number of 0 .. limit.
Index count_from_json(const nlohmann::json& json, Index limit, const std::string& path);

/// A member that is an array.
const nlohmann::json& array_from_json(const nlohmann::json& json, const char* key,
                                      const std::string& path);
/// An error where an object has a key that is none of these: a misspelled one would be passed over.
void check_keys(const nlohmann::json& json, std::initializer_list<std::string_view> known,
                const std::string& path);
/// A name, which is not empty.
std::string name_from_json(const nlohmann::json& json, const std::string& path);

/// An error unless the member "schema" of a document is this one.
void check_schema(const nlohmann::json& document, const char* schema);

/// A whole JSON text. A key that stands twice, nesting above 200 and a number that Real can't hold
/// are errors, which name the JSON path, those of the syntax also line and column.
nlohmann::json parse_json(std::string_view text);
/// Empties a document of moderate depth without asking for memory, as nlohmann's destructor does,
/// which ends the process where there is none.
void take_apart(nlohmann::json& document) noexcept;

/// The document of a JSON file; errors name the file too. Goes away without asking for memory.
class JsonFile {
 public:
  explicit JsonFile(const std::string& file);
  JsonFile(const JsonFile&) = delete;
  JsonFile& operator=(const JsonFile&) = delete;
  ~JsonFile();
  const nlohmann::json& operator*() const { return *document_; }

 private:
  std::unique_ptr<nlohmann::json> document_;
};

/// In one line.
void write_json_file(const std::string& file, const nlohmann::json& content);

}  // namespace detail
}  // namespace ember
