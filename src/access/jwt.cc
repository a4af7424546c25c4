#include "access/jwt.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "access/group_list.h"
#include "http/headers.h"

namespace tailrace {
namespace {

using Json = nlohmann::json;

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr double kMaxSeconds = 8e9;  // what TimeNs can hold, and a little less
constexpr size_t kMaxTries = 8;      // keys of a set, for a token that does not name one

struct Parts {
  std::string_view signed_bytes;
  Json header;
  Json payload;
  std::string signature;
};

JwtVerdict Refuse(std::string reason) {
  JwtVerdict verdict;
  verdict.reason = std::move(reason);
  return verdict;
}

// An object in which no member comes twice (RFC 7519 §4, RFC 7515 §4), or "discarded".
Json ParseObject(std::string_view encoded) {
  std::string text;
  if (!DecodeBase64Url(encoded, text)) return Json(Json::value_t::discarded);
  std::vector<std::vector<std::string>> names;  // of the objects that are open
  bool twice = false;
  const auto callback = [&](int, Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key) {
      names.back().push_back(value.get<std::string>());
      twice = twice || std::ranges::count(names.back(), names.back().back()) > 1;
    }
    return true;
  };
  Json json = Json::parse(text, callback, false);
  if (twice || !json.is_object()) return Json(Json::value_t::discarded);
  return json;
}

bool Split(std::string_view token, Parts& parts) {
  const size_t first = token.find('.');
  const size_t second = token.find('.', first + 1);
  parts.signed_bytes = token.substr(0, second);
  parts.header = ParseObject(token.substr(0, first));
  parts.payload = ParseObject(token.substr(first + 1, second - first - 1));
  return parts.header.is_object() && parts.payload.is_object() &&
         DecodeBase64Url(token.substr(second + 1), parts.signature) && !parts.signature.empty();
}

// Absent: empty. False: it is there and no string.
bool TakeText(const Json& object, const char* name, std::string& out) {
  const auto found = object.find(name);
  if (found == object.end()) return true;
  if (!found->is_string()) return false;
  out = found->get<std::string>();
  return true;
}

// Seconds (RFC 7519 §2, NumericDate). False: there and no sensible number.
bool TakeDate(const Json& payload, const char* name, std::optional<TimeNs>& out) {
  const auto found = payload.find(name);
  if (found == payload.end()) return true;
  if (!found->is_number()) return false;
  const double seconds = found->get<double>();
  if (!std::isfinite(seconds) || std::fabs(seconds) > kMaxSeconds) return false;
  out = static_cast<TimeNs>(std::floor(seconds)) * kNsPerSecond;
  return true;
}

// A claim by its own name, or "a.b" for b in the object a.
const Json* FindClaim(const Json& payload, std::string_view name) {
  if (const auto found = payload.find(name); found != payload.end()) return &*found;
  const Json* object = &payload;
  while (object->is_object()) {
    const size_t dot = name.find('.');
    const auto found = object->find(name.substr(0, dot));
    if (found == object->end()) return nullptr;
    if (dot == std::string_view::npos) return &*found;
    object = &*found;
    name.remove_prefix(dot + 1);
  }
  return nullptr;
}

bool TakeGroups(const Json* claim, std::vector<std::string>& groups) {
  if (claim == nullptr) return true;
  if (claim->is_string()) return TakeGroupList(claim->get<std::string>(), groups);
  if (!claim->is_array() || claim->size() > kMaxGroups) return false;
  for (const Json& one : *claim) {
    std::string group;
    if (!one.is_string() || !TakeUserName(one.get<std::string>(), group)) return false;
    if (!group.empty()) groups.push_back(std::move(group));
  }
  std::ranges::sort(groups);
  groups.erase(std::ranges::unique(groups).begin(), groups.end());
  return true;
}

bool AudienceFits(const Json& payload, const std::vector<std::string>& wanted) {
  const auto found = payload.find("aud");
  if (found == payload.end()) return false;
  const auto fits = [&wanted](const Json& one) {
    return one.is_string() && std::ranges::count(wanted, one.get<std::string>()) > 0;
  };
  return found->is_array() ? std::ranges::any_of(*found, fits) : fits(*found);
}

// An empty reason: the header is one that we understand.
std::string CheckHeader(const Json& header, std::optional<JwtAlgorithm>& algorithm,
                        std::string& key_id) {
  std::string name;
  std::string type = "JWT";
  if (!TakeText(header, "alg", name) || !TakeText(header, "kid", key_id) ||
      !TakeText(header, "typ", type)) {
    return "the token's header is wrong";
  }
  algorithm = ParseJwtAlgorithm(name);
  if (!algorithm) return "the token is not signed by RS256, ES256 or EdDSA";
  if (header.contains("crit")) return "the token wants extensions that are not known here";
  if (!EqualsIgnoreCase(type, "JWT") && !EqualsIgnoreCase(type, "at+jwt")) {
    return "the token is of another type";
  }
  return "";
}

std::string CheckClaims(const Json& payload, const JwtConfig& config, TimeNs now,
                        JwtVerdict& verdict) {
  const TimeNs skew = static_cast<TimeNs>(config.clock_skew_s) * kNsPerSecond;
  std::string issuer;
  std::optional<TimeNs> expires;
  std::optional<TimeNs> not_before;
  std::optional<TimeNs> issued;
  if (!TakeText(payload, "iss", issuer) || issuer.empty() || issuer != config.issuer) {
    return "the token is of another issuer";
  }
  if (!AudienceFits(payload, config.audience)) return "the token is for somebody else";
  if (!TakeDate(payload, "exp", expires) || !TakeDate(payload, "nbf", not_before) ||
      !TakeDate(payload, "iat", issued)) {
    return "the token has a time that is none";
  }
  if (!expires) return "the token does not say when it expires";
  if (now >= *expires) return "the token has expired";
  if (not_before && now < *not_before - skew) return "the token is not valid yet";
  if (issued && now < *issued - skew) return "the token is from the future";
  verdict.expires = *expires;
  const Json* const user = FindClaim(payload, config.user_claim);
  if (user == nullptr || !user->is_string() ||
      !TakeUserName(user->get<std::string>(), verdict.user) || verdict.user.empty()) {
    return "the token does not name its user";
  }
  if (!TakeGroups(FindClaim(payload, config.groups_claim), verdict.groups)) {
    return "the token's groups are wrong or too many";
  }
  return "";
}

}  // namespace

bool LooksLikeJwt(std::string_view token) {
  return std::ranges::count(token, '.') == 2 && token.starts_with("ey") &&
         std::ranges::all_of(token, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

JwtVerdict VerifyJwt(std::string_view token, const KeySet& keys, const JwtConfig& config,
                     TimeNs now) {
  if (token.size() > kMaxJwtBytes) return Refuse("the token is too long");
  Parts parts;
  if (!LooksLikeJwt(token) || !Split(token, parts)) return Refuse("the token is not a signed JWT");
  std::optional<JwtAlgorithm> algorithm;
  std::string key_id;
  if (std::string reason = CheckHeader(parts.header, algorithm, key_id); !reason.empty()) {
    return Refuse(std::move(reason));
  }
  const std::vector<const JsonWebKey*> candidates = keys.Find(key_id, *algorithm);
  if (candidates.empty()) {
    JwtVerdict unknown = Refuse("the token is signed by a key that is not known");
    unknown.kind = JwtVerdict::Kind::kUnknownKey;
    return unknown;
  }
  const auto tries = std::span(candidates).first(std::min(candidates.size(), kMaxTries));
  const auto signer = std::ranges::find_if(tries, [&](const JsonWebKey* key) {
    return key->Verifies(parts.signed_bytes, parts.signature);
  });
  if (signer == tries.end()) return Refuse("the token's signature is wrong");
  JwtVerdict verdict;
  verdict.reason = CheckClaims(parts.payload, config, now, verdict);
  if (!verdict.reason.empty()) return Refuse(std::move(verdict.reason));
  verdict.kind = JwtVerdict::Kind::kValid;
  verdict.key_id = (*signer)->id();
  return verdict;
}

}  // namespace tailrace
