#include "source/mongodb/document.h"

#include <bson/bson.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerSecond = 1'000'000'000;
constexpr std::string_view kIdPrefix = "{\"_id\":";
constexpr double kMaxExactDouble = 9'007'199'254'740'992.0;  // 2^53

std::string_view Utf8Of(const bson_iter_t& iter) {
  uint32_t length = 0;
  const char* const text = bson_iter_utf8(&iter, &length);
  return {text, length};
}

// The names of a log: `id` in whichever way a program wrote the same number.
std::optional<std::string> NameOf(const bson_iter_t& iter) {
  switch (bson_iter_type(&iter)) {
    case BSON_TYPE_UTF8:
      return std::string(Utf8Of(iter));
    case BSON_TYPE_INT32:
    case BSON_TYPE_INT64:
      return std::to_string(bson_iter_as_int64(&iter));
    case BSON_TYPE_DOUBLE: {
      const double value = bson_iter_double(&iter);
      if (std::trunc(value) != value || std::fabs(value) > kMaxExactDouble) return std::nullopt;
      return std::to_string(static_cast<int64_t>(value));
    }
    default:
      return std::nullopt;
  }
}

// {"v": VALUE} without braces and name; empty if it can't be told as JSON.
std::string ValueJson(const bson_iter_t& iter) {
  if (bson_iter_type(&iter) == BSON_TYPE_OID) {
    char hex[25];
    bson_oid_to_string(bson_iter_oid(&iter), hex);
    return std::string("{\"$oid\":\"") + hex + "\"}";
  }
  if (bson_iter_type(&iter) == BSON_TYPE_UTF8) {
    std::string quoted;
    AppendJsonString(quoted, Utf8Of(iter));
    return quoted;
  }
  bson_t alone = BSON_INITIALIZER;
  bson_append_iter(&alone, "v", 1, &iter);
  size_t length = 0;
  char* const json = bson_as_relaxed_extended_json(&alone, &length);
  bson_destroy(&alone);
  if (json == nullptr) return "";
  constexpr std::string_view kHead = "{ \"v\" : ";
  std::string value(json, length);
  bson_free(json);
  if (!value.starts_with(kHead) || !value.ends_with(" }")) return "";
  return value.substr(kHead.size(), value.size() - kHead.size() - 2);
}

// Where the JSON value at the front of `json` ends: at the comma or brace behind it.
size_t JsonValueLength(std::string_view json) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth > 0 && (c == '}' || c == ']')) {
      --depth;
    } else if (depth == 0 && (c == ',' || c == '}')) {
      return i;
    }
  }
  return std::string_view::npos;
}

void AddField(std::string& fields, size_t& omitted, const bson_iter_t& iter) {
  const std::string value = ValueJson(iter);
  const std::string_view name(bson_iter_key(&iter), bson_iter_key_len(&iter));
  if (value.empty() || fields.size() + name.size() + value.size() > kMaxFieldsBytes) {
    ++omitted;
    return;
  }
  fields.push_back(',');
  AppendJsonString(fields, name);
  fields.push_back(':');
  fields.append(value);
}

void ReadLog(MongoDocument& document, const bson_iter_t& iter) {
  if (bson_iter_type(&iter) == BSON_TYPE_UTF8) {
    document.text = Utf8Of(iter);
    document.done = document.text == kDoneText;
  } else {
    document.text = ValueJson(iter);
  }
}

void SetKey(MongoDocument& document, const std::optional<std::string>& type,
            const std::optional<std::string>& id) {
  if (!type || !id) {
    document.problem = !type ? "type: must be a string" : "id: must be a string or a whole number";
    return;
  }
  Result<LogKey> key = MakeLogKey(*type, *id);
  if (key) {
    document.key = std::move(*key);
  } else {
    document.problem = key.error().message;
  }
}

}  // namespace

MongoDocument ReadDocument(const bson_t& bson) {
  MongoDocument document;
  std::optional<std::string> type;
  std::optional<std::string> id;
  size_t omitted = 0;
  document.fields = std::string(kIdPrefix) + "null";
  bson_iter_t iter;
  if (!bson_iter_init(&iter, &bson)) return document;
  if (bson_iter_find(&iter, "_id")) {
    const std::string value = ValueJson(iter);
    if (!value.empty()) document.fields = std::string(kIdPrefix) + value;
    if (bson_iter_type(&iter) == BSON_TYPE_OID) {
      document.time = bson_oid_get_time_t(bson_iter_oid(&iter)) * kNsPerSecond;
    }
  }
  bson_iter_init(&iter, &bson);
  while (bson_iter_next(&iter)) {
    const std::string_view name(bson_iter_key(&iter), bson_iter_key_len(&iter));
    if (name == "_id") continue;
    if (name == "type") {
      if (bson_iter_type(&iter) == BSON_TYPE_UTF8) type = Utf8Of(iter);
    } else if (name == "id") {
      id = NameOf(iter);
    } else if (name == "log") {
      ReadLog(document, iter);
    } else if (name == "$recordId") {
      if (BSON_ITER_HOLDS_INT(&iter)) document.order = bson_iter_as_int64(&iter);
    } else {
      AddField(document.fields, omitted, iter);
    }
  }
  if (omitted > 0) document.fields.append(",\"$omitted\":").append(std::to_string(omitted));
  document.fields.push_back('}');
  document.id_hash = HashDocumentId(document.fields).value_or(0);
  SetKey(document, type, id);
  return document;
}

void MaskDocument(MongoDocument& document, const std::function<void(std::string&)>& mask) {
  mask(document.text);
  const std::string_view fields = document.fields;
  const size_t id_end = kIdPrefix.size() + JsonValueLength(fields.substr(kIdPrefix.size()));
  std::string others(fields.substr(id_end));
  mask(others);
  if (others == fields.substr(id_end)) return;
  std::string masked = document.fields.substr(0, id_end);
  const bool is_sound = nlohmann::json::accept(masked + others);
  document.fields = masked.append(is_sound ? others : ",\"redacted\":true}");
}

std::optional<uint64_t> HashDocumentId(std::string_view fields) {
  if (!fields.starts_with(kIdPrefix)) return std::nullopt;
  fields.remove_prefix(kIdPrefix.size());
  const size_t length = JsonValueLength(fields);
  if (length == std::string_view::npos) return std::nullopt;
  return std::hash<std::string_view>{}(fields.substr(0, length));
}

}  // namespace tailrace
