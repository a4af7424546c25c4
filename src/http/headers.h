// Headers: the fields of one message, in the order in which they came, in one buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

/// ASCII case ignored; names of fields, codings, media types and hosts compare so.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);

/// 1 or more of the characters of a token (RFC 9110 §5.6.2).
bool IsToken(std::string_view text);

/// Without blanks and tabs at both ends (OWS, RFC 9110 §5.6.3).
std::string_view TrimBlanks(std::string_view text);

/// One field; the bytes belong to somebody else.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// Owns its bytes. Copies and moves freely; views that it gave out die with it, or with a change.
class Headers {
 public:
  Headers() = default;

  /// Both are copied. Nothing is checked here.
  void Add(std::string_view name, std::string_view value);

  size_t Size() const { return fields_.size(); }
  bool Empty() const { return fields_.empty(); }
  HeaderField At(size_t index) const;

  /// The first value of that name; nothing if there is none.
  std::optional<std::string_view> Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name).has_value(); }
  size_t Count(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  /// All values put together with ", ", as RFC 9110 §5.3 allows for lists; empty if there is none.
  std::string Joined(std::string_view name) const;

 private:
  friend class HeadParser;  // adds fields in place, without a copy

  struct Span {
    uint32_t name_begin = 0;
    uint32_t name_size = 0;
    uint32_t value_begin = 0;
    uint32_t value_size = 0;
  };

  std::string bytes_;
  std::vector<Span> fields_;
};

/// Takes the next element off the front of a comma list; quoted strings are kept whole. Empty
/// elements are skipped (RFC 9110 §5.6.1). False: no more.
bool TakeListElement(std::string_view& list, std::string_view& element);

}  // namespace tailrace
