#include "http/headers.h"

#include <algorithm>
#include <array>

namespace tailrace {
namespace {

constexpr std::array<bool, 256> kTokenBytes = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<uint8_t>(c)] = true;
  return table;
}();

char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool IsBlank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, LowerAscii, LowerAscii);
}

bool IsToken(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return kTokenBytes[static_cast<uint8_t>(c)]; });
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

void Headers::Add(std::string_view name, std::string_view value) {
  Span span;
  span.name_begin = static_cast<uint32_t>(bytes_.size());
  span.name_size = static_cast<uint32_t>(name.size());
  bytes_.append(name);
  span.value_begin = static_cast<uint32_t>(bytes_.size());
  span.value_size = static_cast<uint32_t>(value.size());
  bytes_.append(value);
  fields_.push_back(span);
}

HeaderField Headers::At(size_t index) const {
  const Span& span = fields_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(span.name_begin, span.name_size),
          bytes.substr(span.value_begin, span.value_size)};
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (size_t i = 0; i < fields_.size(); ++i) {
    const HeaderField field = At(i);
    if (EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

size_t Headers::Count(std::string_view name) const {
  return All(name).size();
}

std::vector<std::string_view> Headers::All(std::string_view name) const {
  std::vector<std::string_view> values;
  for (size_t i = 0; i < fields_.size(); ++i) {
    const HeaderField field = At(i);
    if (EqualsIgnoreCase(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::string Headers::Joined(std::string_view name) const {
  std::string joined;
  bool first = true;
  for (const std::string_view value : All(name)) {
    if (!first) joined.append(", ");
    first = false;
    joined.append(value);
  }
  return joined;
}

bool TakeListElement(std::string_view& list, std::string_view& element) {
  while (!list.empty()) {
    size_t end = 0;
    bool quoted = false;
    for (; end < list.size() && (quoted || list[end] != ','); ++end) {
      if (list[end] == '"') quoted = !quoted;
      if (quoted && list[end] == '\\' && end + 1 < list.size()) ++end;
    }
    element = TrimBlanks(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!element.empty()) return true;
  }
  return false;
}

}  // namespace tailrace
