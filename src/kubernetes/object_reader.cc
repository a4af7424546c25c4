#include "kubernetes/object_reader.h"

#include <simdjson.h>

namespace tailrace::kube {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t kKeptBytes = 1 << 20;  // above it a parser's memory is given back

std::unexpected<Error> Corrupt(const char* what) {
  return Fail(ErrorCode::kCorrupt, std::string("the API server's answer ") + what);
}

// simdjson reads on behind the end.
void Pad(std::string& text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
}

}  // namespace

// Strings of metadata are unescaped into the parser's buffer, so the views of one object live as
// long as its document. An object is walked twice: for its text as a whole, and for its metadata,
// by parsers of their own.
struct ObjectReader::Parser {
  std::unique_ptr<ondemand::parser> outer = std::make_unique<ondemand::parser>();
  std::unique_ptr<ondemand::parser> inner = std::make_unique<ondemand::parser>();
  ondemand::document document;
  ondemand::document object;

  // Of the object `json`, which has padding behind it.
  Result<ObjectId> ReadId(std::string_view json, bool is_bookmark) {
    const simdjson::padded_string_view view(json, json.size() + simdjson::SIMDJSON_PADDING);
    if (inner->iterate(view).get(object) != simdjson::SUCCESS) return Corrupt("is no JSON");
    ondemand::object metadata;
    if (object["metadata"].get_object().get(metadata) != simdjson::SUCCESS) {
      return Corrupt("has an object without metadata");
    }
    ObjectId id;
    for (auto field : metadata) {
      std::string_view key;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return Corrupt("is no JSON");
      std::string_view* const into = key == "uid"               ? &id.uid
                                     : key == "resourceVersion" ? &id.resource_version
                                     : key == "namespace"       ? &id.namespace_name
                                     : key == "name"            ? &id.name
                                                                : nullptr;
      if (into != nullptr && field.value().get_string().get(*into) != simdjson::SUCCESS) {
        return Corrupt("has metadata that is no text");
      }
    }
    const bool whole = !id.resource_version.empty() && (is_bookmark || !id.uid.empty());
    if (!whole) return Corrupt("has an object without uid or resourceVersion");
    return id;
  }

  void GiveBack() {
    if (outer->capacity() > kKeptBytes) outer = std::make_unique<ondemand::parser>();
    if (inner->capacity() > kKeptBytes) inner = std::make_unique<ondemand::parser>();
  }
};

ObjectReader::ObjectReader() : parser_(std::make_unique<Parser>()) {}

ObjectReader::~ObjectReader() = default;

Result<ListMeta> ObjectReader::ReadList(std::string& body, const OnItem& on_item) {
  Pad(body);
  auto& document = parser_->document;
  if (parser_->outer->iterate(body.data(), body.size(), body.capacity()).get(document) !=
      simdjson::SUCCESS) {
    return Corrupt("is no JSON");
  }
  ondemand::object root;
  if (document.get_object().get(root) != simdjson::SUCCESS) return Corrupt("is no list");
  ListMeta meta;
  for (auto field : root) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return Corrupt("is no JSON");
    if (key == "metadata") {
      std::string_view text;
      ondemand::object metadata;
      if (field.value().get_object().get(metadata) != simdjson::SUCCESS) {
        return Corrupt("is no list");
      }
      if (metadata["resourceVersion"].get_string().get(text) == simdjson::SUCCESS) {
        meta.resource_version = text;
      }
      if (metadata["continue"].get_string().get(text) == simdjson::SUCCESS) meta.next = text;
    } else if (key == "items") {
      ondemand::value value;
      if (field.value().get(value) != simdjson::SUCCESS) return Corrupt("is no list");
      if (value.is_null()) continue;
      ondemand::array items;
      if (value.get_array().get(items) != simdjson::SUCCESS) return Corrupt("is no list");
      for (auto item : items) {
        std::string_view json;
        ondemand::object object;
        if (item.get_object().get(object) != simdjson::SUCCESS ||
            object.raw_json().get(json) != simdjson::SUCCESS) {
          return Corrupt("is no JSON");
        }
        auto id = parser_->ReadId(json, false);
        if (!id) return Fail(id.error());
        on_item(*id, json);
      }
    }
  }
  parser_->GiveBack();
  if (meta.resource_version.empty()) return Corrupt("is a list without resourceVersion");
  return meta;
}

namespace {

Result<WatchEvent::Type> TypeOf(std::string_view text) {
  using enum WatchEvent::Type;
  if (text == "ADDED") return kAdded;
  if (text == "MODIFIED") return kModified;
  if (text == "DELETED") return kDeleted;
  if (text == "BOOKMARK") return kBookmark;
  if (text == "ERROR") return kError;
  return Corrupt("has a watch event of an unknown type");
}

void ReadStatus(std::string_view json, WatchEvent& event) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string_view text;
  int64_t code = 0;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return;
  if (root["code"].get(code) == simdjson::SUCCESS) event.status = static_cast<int>(code);
  if (root["reason"].get(text) == simdjson::SUCCESS) event.reason = text;
  if (root["message"].get(text) == simdjson::SUCCESS) event.message = text;
}

}  // namespace

Result<WatchEvent> ObjectReader::ReadEvent(std::string& line) {
  parser_->GiveBack();
  Pad(line);
  auto& document = parser_->document;
  if (parser_->outer->iterate(line.data(), line.size(), line.capacity()).get(document) !=
      simdjson::SUCCESS) {
    return Corrupt("has a watch event that is no JSON");
  }
  std::string_view type_text;
  ondemand::object object;
  WatchEvent event;
  if (document["type"].get_string().get(type_text) != simdjson::SUCCESS) {
    return Corrupt("has a watch event without type");
  }
  auto type = TypeOf(type_text);
  if (!type) return Fail(type.error());
  event.type = *type;
  if (document["object"].get_object().get(object) != simdjson::SUCCESS ||
      object.raw_json().get(event.json) != simdjson::SUCCESS) {
    return Corrupt("has a watch event without object");
  }
  if (event.type == WatchEvent::Type::kError) {
    ReadStatus(event.json, event);
    return event;
  }
  auto id = parser_->ReadId(event.json, event.type == WatchEvent::Type::kBookmark);
  if (!id) return Fail(id.error());
  event.id = *id;
  return event;
}

}  // namespace tailrace::kube
