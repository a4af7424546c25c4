#include "ingest/json_reader.h"

#include <simdjson.h>

#include "base/check.h"

namespace tailrace {
namespace {

namespace dom = simdjson::dom;

// Above it, a parser's memory is given back after the object.
constexpr size_t kKeptBytes = 256 << 10;
// simdjson counts the document as a level of its own.
constexpr size_t kDocumentLevels = 1;

std::string_view Reason(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "is not well-formed UTF-8";
    case simdjson::DEPTH_ERROR:
      return "is nested too deeply";
    case simdjson::NUMBER_ERROR:
      return "has a number that is malformed or out of range";
    case simdjson::STRING_ERROR:
      return "has a string with a malformed escape";
    case simdjson::UNESCAPED_CHARS:
      return "has a string with a control character that is not escaped";
    case simdjson::UNCLOSED_STRING:
      return "has a string that is not closed";
    case simdjson::EMPTY:
      return "is empty";
    case simdjson::CAPACITY:
      return "is too large";
    default:
      return "is not JSON";
  }
}

JsonKind KindOf(dom::element_type type) {
  switch (type) {
    case dom::element_type::ARRAY:
      return JsonKind::kArray;
    case dom::element_type::OBJECT:
      return JsonKind::kObject;
    case dom::element_type::INT64:
      return JsonKind::kInteger;
    case dom::element_type::UINT64:
      return JsonKind::kLargeInteger;
    case dom::element_type::DOUBLE:
      return JsonKind::kDouble;
    case dom::element_type::STRING:
      return JsonKind::kString;
    case dom::element_type::BOOL:
      return JsonKind::kBool;
    case dom::element_type::NULL_VALUE:
      break;
  }
  return JsonKind::kNull;
}

}  // namespace

std::string_view JsonKindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return "a boolean";
    case JsonKind::kInteger:
    case JsonKind::kLargeInteger:
      return "an integer";
    case JsonKind::kDouble:
      return "a number with a fraction or exponent";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

struct JsonReader::Impl {
  explicit Impl(size_t depth) : max_depth(depth) { Renew(); }

  void Renew() {
    parser = std::make_unique<dom::parser>();
    CHECK(parser->allocate(0, max_depth + kDocumentLevels) == simdjson::SUCCESS);
    large = false;
  }

  void Append(dom::object object, std::vector<JsonMember>& members) {
    for (const dom::key_value_pair field : object) {
      JsonMember member{.key = field.key, .kind = KindOf(field.value.type())};
      if (member.kind == JsonKind::kBool) member.boolean = field.value.get_bool().value_unsafe();
      if (member.kind == JsonKind::kInteger) {
        member.integer = field.value.get_int64().value_unsafe();
      }
      if (member.kind == JsonKind::kString) member.text = field.value.get_string().value_unsafe();
      member.handle = static_cast<uint32_t>(elements.size());
      elements.push_back(field.value);
      members.push_back(member);
    }
  }

  size_t max_depth;
  std::unique_ptr<dom::parser> parser;
  std::vector<dom::element> elements;  // by JsonMember::handle
  bool large = false;                  // the last object was
};

JsonReader::JsonReader(size_t max_depth) : impl_(std::make_unique<Impl>(max_depth)) {}
JsonReader::~JsonReader() = default;

Result<void> JsonReader::Parse(std::string_view json, std::vector<JsonMember>& members) {
  members.clear();
  impl_->elements.clear();
  if (impl_->large) impl_->Renew();
  impl_->large = json.size() > kKeptBytes;
  dom::element root;
  if (const auto error = impl_->parser->parse(json.data(), json.size()).get(root)) {
    return Fail(ErrorCode::kInvalid, std::string(Reason(error)));
  }
  dom::object object;
  if (root.get_object().get(object)) {
    return Fail(ErrorCode::kInvalid,
                "is " + std::string(JsonKindName(KindOf(root.type()))) + ", not an object");
  }
  impl_->Append(object, members);
  return {};
}

void JsonReader::AppendMembers(const JsonMember& object, std::vector<JsonMember>& members) {
  CHECK(object.kind == JsonKind::kObject);
  impl_->Append(impl_->elements[object.handle].get_object().value_unsafe(), members);
}

void JsonReader::AppendValue(const JsonMember& member, std::string& out) const {
  out.append(simdjson::minify(impl_->elements[member.handle]));
}

}  // namespace tailrace
