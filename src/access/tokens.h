// Tokens of producers and scripts, as the file DATA/access/tokens has them. Edited by
// `tailrace token`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "access/grants.h"
#include "access/secret.h"
#include "base/result.h"
#include "base/time.h"

namespace tailrace {

/// Every token begins so, which tells it from other bearers and lets scanners find it in what was
/// published by mistake.
inline constexpr std::string_view kTokenPrefix = "tailrace_";

struct Token {
  std::string name;  ///< For people; as CheckUserName.
  Digest digest;
  Scope scope;
  TimeNs created = 0;
  std::optional<TimeNs> expires;
};
using Tokens = std::map<std::string, Token, std::less<>>;  // by Digest::Id

inline constexpr std::string_view kTokensFile = "tokens";
/// "ID\tTIME" of the last use, written by the server.
inline constexpr std::string_view kTokenUseFile = "token-use";

Result<Tokens> ParseTokens(std::string_view text);
std::string FormatTokens(const Tokens& tokens);

using TokenUse = std::map<std::string, TimeNs, std::less<>>;
Result<TokenUse> ParseTokenUse(std::string_view text);
std::string FormatTokenUse(const TokenUse& use);

/// "read,write" and "deploy/*,ci/*", as the command line gives them. kInvalid.
Result<Scope> ParseScope(std::string_view may, std::string_view logs);
std::string FormatVerbs(VerbSet verbs);
std::string FormatPatterns(const std::vector<LogPattern>& logs);

}  // namespace tailrace
