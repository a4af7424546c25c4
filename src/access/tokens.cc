#include "access/tokens.h"

#include <algorithm>

#include "access/private_file.h"
#include "access/users.h"

namespace tailrace {
namespace {

constexpr std::string_view kKind = "tailrace-tokens";
constexpr std::string_view kUseKind = "tailrace-token-use";
constexpr std::string_view kNever = "never";

// Takes the part before the next comma off the front.
std::string_view TakePart(std::string_view& list) {
  const size_t comma = std::min(list.find(','), list.size());
  const std::string_view part = list.substr(0, comma);
  list.remove_prefix(std::min(comma + 1, list.size()));
  return part;
}

std::optional<Token> ParseToken(const std::vector<std::string_view>& row) {
  const auto digest = Digest::FromHex(row[0]);
  auto scope = ParseScope(row[2], row[3]);
  const auto created = ParseTimeField(row[4]);
  const auto expires = ParseTimeField(row[5]);
  if (!digest || !CheckUserName(row[1]) || !scope || !created) return std::nullopt;
  if (!expires && row[5] != kNever) return std::nullopt;
  Token token{std::string(row[1]), *digest, std::move(*scope), *created, {}};
  if (expires) token.expires = *expires;
  return token;
}

std::unexpected<Error> NotOne(size_t row) {
  return Fail(ErrorCode::kCorrupt, "line " + std::to_string(row + 2) + " is no token");
}

}  // namespace

Result<Scope> ParseScope(std::string_view may, std::string_view logs) {
  Scope scope;
  while (!may.empty()) {
    const std::string_view name = TakePart(may);
    const auto verb = ParseVerb(name);
    if (!verb) {
      return Fail(ErrorCode::kInvalid, "'" + std::string(name) + "' must be read, write or admin");
    }
    scope.may.Add(*verb);
  }
  while (!logs.empty()) {
    auto pattern = LogPattern::Parse(TakePart(logs));
    if (!pattern) return Fail(pattern.error());
    scope.logs.push_back(std::move(*pattern));
  }
  if (scope.may.Empty() || scope.logs.empty()) {
    return Fail(ErrorCode::kInvalid, "a token needs something that it may, and logs");
  }
  return scope;
}

std::string FormatVerbs(VerbSet verbs) {
  std::string out;
  for (const Verb verb : {Verb::kRead, Verb::kWrite, Verb::kAdmin}) {
    if (verbs.Has(verb)) out.append(out.empty() ? "" : ",").append(VerbName(verb));
  }
  return out;
}

std::string FormatPatterns(const std::vector<LogPattern>& logs) {
  std::string out;
  for (const LogPattern& log : logs) out.append(out.empty() ? "" : ",").append(log.Text());
  return out;
}

Result<Tokens> ParseTokens(std::string_view text) {
  const auto rows = ParseRows(text, kKind, 6);
  if (!rows) return Fail(rows.error());
  Tokens tokens;
  for (size_t i = 0; i < rows->size(); ++i) {
    auto token = ParseToken((*rows)[i]);
    if (!token) return NotOne(i);
    const std::string id = token->digest.Id();
    tokens.emplace(id, std::move(*token));
  }
  return tokens;
}

std::string FormatTokens(const Tokens& tokens) {
  std::string out = std::string(kKind) + " 1\n";
  for (const auto& [id, token] : tokens) {
    AppendRow(out, {token.digest.Hex(), token.name, FormatVerbs(token.scope.may),
                    FormatPatterns(token.scope.logs), std::to_string(token.created),
                    token.expires ? std::to_string(*token.expires) : std::string(kNever)});
  }
  return out;
}

Result<TokenUse> ParseTokenUse(std::string_view text) {
  const auto rows = ParseRows(text, kUseKind, 2);
  if (!rows) return Fail(rows.error());
  TokenUse use;
  for (size_t i = 0; i < rows->size(); ++i) {
    const auto time = ParseTimeField((*rows)[i][1]);
    if (!time) return NotOne(i);
    use[std::string((*rows)[i][0])] = *time;
  }
  return use;
}

std::string FormatTokenUse(const TokenUse& use) {
  std::string out = std::string(kUseKind) + " 1\n";
  for (const auto& [id, time] : use) AppendRow(out, {id, std::to_string(time)});
  return out;
}

}  // namespace tailrace
