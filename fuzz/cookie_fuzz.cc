// What access control reads: a Cookie field, patterns of names, and the files of users, tokens and
// sessions. Whatever is found is inside what was given; a pattern's answer is that of a slow
// matcher that is plainly right; a file that is read is written the same way again.
#include <algorithm>
#include <cstdint>

#include "access/cookie.h"
#include "access/log_pattern.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "access/users.h"
#include "base/check.h"

namespace tailrace {
namespace {

constexpr size_t kSlowBytes = 24;  // the plain matcher is exponential

bool Plainly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() &&
           Plainly(pattern.substr(1), text.substr(1));
  }
  return Plainly(pattern.substr(1), text) || (!text.empty() && Plainly(pattern, text.substr(1)));
}

void CheckCookies(std::string_view cookies) {
  for (const std::string_view name :
       {std::string_view("a"), SessionCookieName(false), SessionCookieName(true)}) {
    const auto value = FindOnlyCookie(cookies, name);
    if (!value) continue;
    CHECK(value->data() >= cookies.data() &&
          value->data() + value->size() <= cookies.data() + cookies.size());
    CHECK(value->find(';') == std::string_view::npos);
    CHECK(cookies.find(name) != std::string_view::npos);
  }
}

void CheckPattern(std::string_view text, std::string_view name) {
  const auto pattern = LogPattern::Parse(text);
  if (!pattern) return;
  const auto again = LogPattern::Parse(pattern->Text());
  CHECK(again && again->Text() == pattern->Text());
  const std::string whole = pattern->Text();
  const size_t slash = whole.find('/');
  name = name.substr(0, kSlowBytes);
  if (whole.size() > kSlowBytes) return;
  CHECK(pattern->Fits(name, name) ==
        (Plainly(whole.substr(0, slash), name) && Plainly(whole.substr(slash + 1), name)));
}

void CheckFiles(std::string_view text) {
  if (const auto users = ParseUsers(text)) {
    const auto again = ParseUsers(FormatUsers(*users));
    CHECK(again && again->size() == users->size());
  }
  if (const auto tokens = ParseTokens(text)) {
    const auto again = ParseTokens(FormatTokens(*tokens));
    CHECK(again && again->size() == tokens->size());
  }
  if (const auto sessions = ParseSessions(text)) {
    const auto again = ParseSessions(FormatSessions(*sessions));
    CHECK(again && again->size() == sessions->size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  const std::string_view rest = text.substr(std::min(line + 1, text.size()));
  const size_t second = std::min(rest.find('\n'), rest.size());
  CheckCookies(text.substr(0, line));
  CheckPattern(rest.substr(0, second), rest.substr(std::min(second + 1, rest.size())));
  CheckPattern(text.substr(0, line), rest);
  CheckFiles(text);
  return 0;
}

}  // namespace tailrace
