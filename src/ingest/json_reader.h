// JsonReader: one JSON object as a flat list of members. Hides the JSON library.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tailrace {

enum class JsonKind : uint8_t {
  kNull,
  kBool,
  kInteger,
  kLargeInteger,
  kDouble,
  kString,
  kArray,
  kObject
};

/// "null", "a boolean", "an integer", …
std::string_view JsonKindName(JsonKind kind);

/// A view of a reader's own memory; valid until its next Parse.
struct JsonMember {
  std::string_view key;  ///< Decoded, well-formed UTF-8.
  JsonKind kind = JsonKind::kNull;
  bool boolean = false;   ///< kBool
  int64_t integer = 0;    ///< kInteger; kLargeInteger is beyond it.
  std::string_view text;  ///< kString, decoded, well-formed UTF-8.
  uint32_t handle = 0;    ///< For the reader.
};

/// One thread. Keeps memory in proportion to the objects it reads; gives back that of large ones.
class JsonReader {
 public:
  /// `max_depth`: of nesting, the object itself included.
  explicit JsonReader(size_t max_depth);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Replaces `members` by those of the object, in order, also those that come twice. kInvalid with
  /// a reason that continues "the body …": not JSON, not an object, ill-formed UTF-8, too deep, a
  /// number beyond 64 bits or a double.
  Result<void> Parse(std::string_view json, std::vector<JsonMember>& members);

  /// Appends the members of a kObject to `members`.
  void AppendMembers(const JsonMember& object, std::vector<JsonMember>& members);

  /// Appends the value as JSON in one line.
  void AppendValue(const JsonMember& member, std::string& out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tailrace
