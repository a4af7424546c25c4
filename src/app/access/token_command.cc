#include <algorithm>
#include <cstdio>
#include <functional>

#include "access/access_book.h"
#include "access/private_file.h"
#include "app/access/access_commands.h"
#include "app/client/commands.h"
#include "app/client/verb.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerMs = 1'000'000;

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : ",").append(part);
  return out;
}

std::string Day(TimeNs time) {
  return FormatRfc3339(time).substr(0, 16) + "Z";
}

Result<Tokens> ReadTokens(const std::string& directory) {
  const std::string path = directory + "/" + std::string(kTokensFile);
  const auto text = ReadPrivateFile(path);
  if (!text) return Fail(text.error());
  auto tokens = ParseTokens(*text);
  if (!tokens) return Fail(tokens.error().code, path + ": " + tokens.error().message);
  return tokens;
}

int EditTokens(const DataArguments& where, const std::function<Result<void>(Tokens&)>& edit) {
  const auto directory = FindAccessDirectory(where);
  if (!directory) return kExitUsage;
  const auto edited = EditLocked(*directory, [&]() -> Result<void> {
    auto tokens = ReadTokens(*directory);
    if (!tokens) return Fail(tokens.error());
    const Tokens before = *tokens;
    if (auto done = edit(*tokens); !done) return done;
    const std::string path = *directory + "/" + std::string(kTokensFile);
    if (auto written = WritePrivateFile(path, FormatTokens(*tokens)); !written) return written;
    return NoteByWhom(*directory, ChangesOf(before, *tokens));
  });
  if (edited) return kExitOk;
  Complain(edited.error().message);
  return kExitFailure;
}

}  // namespace

int RunTokenCreate(const TokenArguments& arguments) {
  auto scope = ParseScope(Join(arguments.may), Join(arguments.logs));
  const auto name = CheckUserName(arguments.name);
  if (!scope || !name) {
    Complain(scope ? name.error().message : scope.error().message);
    return kExitUsage;
  }
  const std::string secret = std::string(kTokenPrefix) + NewSecret();
  const Digest digest = Digest::Of(secret);
  const TimeNs now = Clock::System().Now();
  Token token{arguments.name, digest, std::move(*scope), now, std::nullopt};
  if (arguments.expires_ms) {
    token.expires = now + static_cast<TimeNs>(*arguments.expires_ms) * kNsPerMs;
  }
  const int code = EditTokens(arguments.where, [&](Tokens& tokens) -> Result<void> {
    const bool taken = std::ranges::any_of(
        tokens, [&](const auto& item) { return item.second.name == arguments.name; });
    if (taken) return Fail(ErrorCode::kConflict, "there is a token " + arguments.name);
    tokens.emplace(digest.Id(), token);
    return {};
  });
  if (code != kExitOk) return code;
  std::puts(secret.c_str());
  Complain("token " + digest.Id() + " (" + arguments.name +
           "); this is the only time that it is shown");
  return kExitOk;
}

int RunTokenList(const DataArguments& where) {
  const auto directory = FindAccessDirectory(where);
  if (!directory) return kExitUsage;
  const auto tokens = ReadTokens(*directory);
  const auto text = ReadPrivateFile(*directory + "/" + std::string(kTokenUseFile));
  const auto use = text ? ParseTokenUse(*text) : Result<TokenUse>(Fail(text.error()));
  if (!tokens || !use) {
    Complain(tokens ? use.error().message : tokens.error().message);
    return kExitFailure;
  }
  for (const auto& [id, token] : *tokens) {
    const auto used = use->find(id);
    std::printf("%s  %s  %s  %s  created %s  expires %s  used %s\n", id.c_str(), token.name.c_str(),
                FormatVerbs(token.scope.may).c_str(), FormatPatterns(token.scope.logs).c_str(),
                Day(token.created).c_str(), token.expires ? Day(*token.expires).c_str() : "never",
                used != use->end() ? Day(used->second).c_str() : "never");
  }
  return kExitOk;
}

int RunTokenRevoke(const DataArguments& where, const std::string& name) {
  return EditTokens(where, [&](Tokens& tokens) -> Result<void> {
    const auto gone = std::erase_if(
        tokens, [&](const auto& item) { return item.first == name || item.second.name == name; });
    if (gone == 0) return Fail(ErrorCode::kNotFound, "there is no token " + name);
    return {};
  });
}

}  // namespace tailrace
