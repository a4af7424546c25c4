#include "http/request.h"

#include <array>

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 7> kMethodNames = {"GET",   "HEAD",   "POST",   "PUT",
                                                          "PATCH", "DELETE", "OPTIONS"};

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view MethodName(Method method) {
  return kMethodNames[static_cast<size_t>(method)];
}

std::optional<Method> ParseMethod(std::string_view name) {
  for (size_t i = 0; i < kMethodNames.size(); ++i) {
    if (kMethodNames[i] == name) return static_cast<Method>(i);
  }
  return std::nullopt;
}

bool PercentDecode(std::string_view text, bool plus_is_blank, std::string& out) {
  out.clear();
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      if (text.size() - i < 3) return false;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return true;
}

std::optional<std::string_view> Query::Find(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Query::All(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : items_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Result<Query> ParseQuery(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view part = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (part.empty()) continue;
    if (query.items_.size() == kMaxQueryParameters) {
      return Fail(ErrorCode::kTooLarge,
                  "the query has more than " + std::to_string(kMaxQueryParameters) + " parameters");
    }
    const size_t equals = std::min(part.find('='), part.size());
    std::string name;
    std::string value;
    if (!PercentDecode(part.substr(0, equals), true, name)) {
      return Fail(ErrorCode::kInvalid,
                  "the query has a '%' that two hexadecimal digits do not follow");
    }
    if (equals < part.size() && !PercentDecode(part.substr(equals + 1), true, value)) {
      std::string reason =
          "query parameter \"" + name + "\" has a '%' that two hexadecimal digits do not follow";
      return FailField(ErrorCode::kInvalid, std::move(name), std::move(reason));
    }
    query.items_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

}  // namespace tailrace
