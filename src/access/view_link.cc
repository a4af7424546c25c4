#include "access/view_link.h"

#include <sodium.h>

#include <algorithm>

#include "access/cookie.h"
#include "access/json_web_key.h"
#include "access/private_file.h"
#include "base/text.h"

namespace tailrace {
namespace {

constexpr TimeNs kNsPerSecond = 1'000'000'000;
constexpr size_t kSecretBytes = crypto_auth_hmacsha256_KEYBYTES;
constexpr size_t kIdLength = 8;
constexpr size_t kMaxTokenBytes = 512;
constexpr std::string_view kVersion = "1";

// Takes what is before `separator` off the front; all if it is not there.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::string Mac(std::string_view text, std::string_view secret) {
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256(reinterpret_cast<unsigned char*>(mac.data()),
                         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                         reinterpret_cast<const unsigned char*>(secret.data()));
  return mac;
}

}  // namespace

Result<std::unique_ptr<LinkKeys>> LinkKeys::Open(std::string file, Random& random,
                                                 const Clock& clock) {
  if (sodium_init() < 0) return Fail(ErrorCode::kInternal, "libsodium cannot be set up");
  std::unique_ptr<LinkKeys> keys(new LinkKeys(std::move(file), random, clock));
  if (Result<void> read = keys->Read(); !read) return Fail(read.error());
  if (keys->keys_.empty()) {
    if (Result<void> added = keys->AddKey(true); !added) return Fail(added.error());
  }
  return keys;
}

// No file: no keys.
Result<void> LinkKeys::Read() {
  const Result<std::string> text = ReadPrivateFile(file_);
  if (!text) return Fail(text.error());
  for (std::string_view rest = *text; !rest.empty();) {
    std::string_view line = TakeUntil(rest, '\n');
    Key key{.id = std::string(TakeUntil(line, ' ')), .secret = std::string(kSecretBytes, '\0')};
    const std::string_view hex = TakeUntil(line, ' ');
    const auto made = ParseTimeField(line);
    size_t bytes = 0;
    const bool decoded =
        sodium_hex2bin(reinterpret_cast<unsigned char*>(key.secret.data()), kSecretBytes,
                       hex.data(), hex.size(), nullptr, &bytes, nullptr) == 0;
    if (!decoded || bytes != kSecretBytes || key.id.empty() || !made) {
      return Fail(ErrorCode::kInvalid, file_ + ": is not a file of link keys");
    }
    key.made = *made;
    keys_.push_back(std::move(key));
  }
  return {};
}

Result<void> LinkKeys::Write(const std::vector<Key>& keys) const {
  std::string text;
  for (const Key& key : keys) {
    char hex[2 * kSecretBytes + 1];
    sodium_bin2hex(hex, sizeof hex, reinterpret_cast<const unsigned char*>(key.secret.data()),
                   kSecretBytes);
    text += key.id + " " + hex + " " + std::to_string(key.made) + "\n";
  }
  return WritePrivateFile(file_, text);
}

Result<void> LinkKeys::AddKey(bool keep_others) {
  const TimeNs now = clock_.Now();
  const TimeNs oldest = now - static_cast<TimeNs>(kLinkKeySeconds + kMaxLinkSeconds) * kNsPerSecond;
  std::vector<Key> keys;
  if (keep_others) keys = keys_;
  std::erase_if(keys, [oldest](const Key& key) { return key.made < oldest; });
  Key key{.id = random_.Name(kIdLength), .secret = std::string(kSecretBytes, '\0'), .made = now};
  randombytes_buf(key.secret.data(), key.secret.size());
  keys.push_back(std::move(key));
  if (Result<void> written = Write(keys); !written) return written;
  keys_ = std::move(keys);
  return {};
}

Result<std::string> LinkKeys::Sign(std::string_view log, uint64_t seconds) {
  const std::lock_guard lock(mutex_);
  const TimeNs now = clock_.Now();
  if (now - keys_.back().made > static_cast<TimeNs>(kLinkKeySeconds) * kNsPerSecond) {
    if (Result<void> added = AddKey(true); !added) return Fail(added.error());
  }
  const Key& key = keys_.back();
  const int64_t expires_s = now / kNsPerSecond + static_cast<int64_t>(seconds);
  const std::string text = std::string(kVersion) + " " + key.id + " " + std::to_string(expires_s) +
                           " " + std::string(log);
  return EncodeBase64Url(text) + "." + EncodeBase64Url(Mac(text, key.secret));
}

const LinkKeys::Key* LinkKeys::Find(std::string_view id) const {
  const auto found = std::ranges::find(keys_, id, &Key::id);
  return found == keys_.end() ? nullptr : &*found;
}

std::optional<ViewLink> LinkKeys::Check(std::string_view token) const {
  if (token.size() > kMaxTokenBytes) return std::nullopt;
  const size_t dot = token.find('.');
  std::string text;
  std::string mac;
  if (dot == std::string_view::npos || !DecodeBase64Url(token.substr(0, dot), text) ||
      !DecodeBase64Url(token.substr(dot + 1), mac)) {
    return std::nullopt;
  }
  std::string_view rest = text;
  const std::string_view version = TakeUntil(rest, ' ');
  const std::string_view id = TakeUntil(rest, ' ');
  const auto expires_s = ParseDecimal(TakeUntil(rest, ' '));
  const std::lock_guard lock(mutex_);
  const Key* const key = Find(id);
  if (version != kVersion || key == nullptr || !expires_s) return std::nullopt;
  const std::string expected = Mac(text, key->secret);
  if (mac.size() != expected.size() ||
      sodium_memcmp(mac.data(), expected.data(), expected.size()) != 0) {
    return std::nullopt;
  }
  const TimeNs expires = static_cast<TimeNs>(*expires_s) * kNsPerSecond;
  if (clock_.Now() >= expires) return std::nullopt;
  return ViewLink{std::string(rest), std::string(id), expires};
}

bool LinkKeys::Has(std::string_view key_id) const {
  const std::lock_guard lock(mutex_);
  return Find(key_id) != nullptr;
}

Result<void> LinkKeys::Revoke() {
  const std::lock_guard lock(mutex_);
  return AddKey(false);
}

bool LinkAuthenticator::StillProves(const Identity& identity) {
  return keys_.Has(std::string_view(identity.credential).substr(0, identity.credential.find(':')));
}

Decision LinkAuthenticator::Decide(const Credentials& credentials) {
  const Method method = credentials.head.method;
  if (method != Method::kGet && method != Method::kHead) return Decision::NotMine();
  std::string_view token = credentials.query.Find(kLinkParameter).value_or("");
  if (token.empty()) token = FindOnlyCookie(credentials.cookies, kLinkCookie).value_or("");
  if (token.empty()) return Decision::NotMine();
  const std::optional<ViewLink> link = keys_.Check(token);
  if (!link) return Decision::NotMine();
  Result<LogPattern> log = LogPattern::Parse(link->log);
  if (!log) return Decision::NotMine();
  Identity identity;
  identity.proof = Proof::kLink;
  // Each link is a credential of its own: streams of two must not share their rights.
  identity.credential = link->key_id + ":" + std::to_string(link->expires) + ":" + link->log;
  identity.expires = link->expires;
  identity.scopes.emplace().push_back(Scope{.may = {Verb::kRead}, .logs = {std::move(*log)}});
  return Decision::Is(std::make_shared<const Identity>(std::move(identity)));
}

}  // namespace tailrace
