#include "access/jwt_authenticator.h"

#include <sodium.h>

#include "access/cookie.h"

namespace tailrace {
namespace {

constexpr std::string_view kScheme = "bearer ";

// "kid#hash": names the key, and tells tokens apart in the audit log without being one.
std::string CredentialOf(const std::string& key_id, std::string_view token) {
  unsigned char hash[crypto_generichash_BYTES_MIN];
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(token.data()),
                     token.size(), nullptr, 0);
  char text[2 * sizeof hash + 1];
  sodium_bin2hex(text, sizeof text, hash, sizeof hash);
  return key_id + "#" + text;
}

}  // namespace

JwtAuthenticator::Found JwtAuthenticator::Find(const Credentials& credentials) const {
  const std::string_view authorization = credentials.authorization;
  if (EqualsIgnoreCase(authorization.substr(0, kScheme.size()), kScheme)) {
    const std::string_view token = TrimBlanks(authorization.substr(kScheme.size()));
    if (LooksLikeJwt(token)) return {std::string(token), false};
  }
  if (config_.cookie.empty()) return {};
  return {std::string(FindOnlyCookie(credentials.cookies, config_.cookie).value_or("")), true};
}

Decision JwtAuthenticator::Decide(const Credentials& credentials) {
  const Found found = Find(credentials);
  if (found.token.empty()) return Decision::NotMine();
  keys_.RefreshIfOld();
  return Judge(found, false);
}

void JwtAuthenticator::Ask(const Credentials& credentials, Done done) {
  // `then` is on another thread, so it must own what it takes with it.
  Found found = Find(credentials);
  auto answer = [this, found, done = std::move(done)]() mutable { done(Judge(found, true)); };
  auto shared = std::make_shared<decltype(answer)>(std::move(answer));
  const bool asked =
      keys_.Refresh([post = post_, shared]() mutable { post([shared] { (*shared)(); }); });
  if (!asked) post_([shared] { (*shared)(); });
}

Decision JwtAuthenticator::Judge(const Found& found, bool asked) const {
  const auto keys = keys_.Current();
  if (keys == nullptr && !asked) return Decision::MustAsk();
  if (keys == nullptr) {
    return Decision::Refuse(
        ProblemFrom({ErrorCode::kUnavailable, "the token cannot be checked at the moment"}));
  }
  JwtVerdict verdict = VerifyJwt(found.token, *keys, config_, clock_.Now());
  if (verdict.kind == JwtVerdict::Kind::kUnknownKey && !asked) return Decision::MustAsk();
  if (verdict.kind != JwtVerdict::Kind::kValid) {
    // A cookie that has expired is what every visitor has who comes back.
    if (found.in_cookie) return Decision::NotMine();
    return Decision::Refuse(ProblemFrom(401, std::move(verdict.reason)));
  }
  Identity identity;
  identity.user = std::move(verdict.user);
  identity.groups = std::move(verdict.groups);
  identity.proof = Proof::kJwt;
  identity.credential = CredentialOf(verdict.key_id, found.token);
  identity.expires = verdict.expires;
  return Decision::Is(std::make_shared<const Identity>(std::move(identity)));
}

bool JwtAuthenticator::StillProves(const Identity& identity) {
  keys_.RefreshIfOld();
  const auto keys = keys_.Current();
  return keys != nullptr &&
         keys->Has(identity.credential.substr(0, identity.credential.rfind('#')));
}

}  // namespace tailrace
