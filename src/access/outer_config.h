// What can be set about those who know users and are not Tailrace: a portal, a proxy, an issuer of
// tokens, a cluster.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tailrace {

/// Another server is asked (forward_auth.h).
struct ForwardAuthConfig {
  std::string url;                              ///< Empty: nobody is asked.
  std::vector<std::string> cookies;             ///< Those that count and are passed on; none: all.
  std::string user_header = "Remote-User";      ///< Of its answer.
  std::string groups_header = "Remote-Groups";  ///< A list with commas.
  std::string ca_file;                          ///< PEM; empty: the system's.
  uint64_t timeout_ms = 1'500;                  ///< A question, with its waiting for its turn.
  uint64_t cache_ms = 2'000;       ///< A yes or a no is believed for so long from the question.
  uint64_t grace_ms = 30'000;      ///< A yes, likewise, while questions come to nothing.
  uint64_t retry_ms = 1'000;       ///< After a question without an answer, to the next one.
  uint64_t cache_entries = 4'096;  ///< Credentials remembered; the one not used for longest goes.
  uint64_t concurrent = 16;        ///< Questions at the same time.
  uint64_t waiting = 1'000;        ///< Questions that wait for their turn; more get 503.
};

/// A proxy says it (proxy_headers.h).
struct ProxyAuthConfig {
  std::string user_header;    ///< Its name; empty: off.
  std::string groups_header;  ///< A list with commas; empty: there are no groups.
  /// A stream is ended after so long, so that its client comes through the proxy again: nobody else
  /// knows who has logged out.
  uint64_t max_age_ms = 60'000;
};

/// Signed tokens (jwt.h).
struct JwtConfig {
  std::string keys;                     ///< URL or file of a key set; empty: off.
  std::string issuer;                   ///< `iss` is exactly this.
  std::vector<std::string> audience;    ///< `aud` has one of these.
  std::string user_claim = "sub";       ///< A string.
  std::string groups_claim = "groups";  ///< Strings, or one with commas; "a.b": b in the object a.
  std::string ca_file;                  ///< PEM, for a URL; empty: the system's.
  std::string cookie;                   ///< A token may come in this cookie too; empty: in none.
  uint64_t clock_skew_s = 60;           ///< That the issuer's clock may be ahead of ours.
  uint64_t refresh_ms = 2'000;          ///< Keys in use are read again so often;
  uint64_t unknown_key_ms = 10'000;     ///< and for tokens of unknown keys, but not more often.
};

/// The API server of the cluster that a log came from is asked who may see it (access_reviews.h).
struct AccessReviewConfig {
  bool enabled = false;
  std::string user_prefix;         ///< Before our users' names there, as --oidc-username-prefix.
  std::string groups_prefix;       ///< Before our groups' names there, as --oidc-groups-prefix.
  uint64_t timeout_ms = 1'500;     ///< A question, once it is sent.
  uint64_t allow_ms = 2'000;       ///< A yes is believed for so long from the question.
  uint64_t deny_ms = 2'000;        ///< The same of a no.
  uint64_t grace_ms = 30'000;      ///< A yes, likewise, while questions come to nothing.
  uint64_t retry_ms = 1'000;       ///< After a question without an answer, to the next one.
  uint64_t cache_entries = 8'192;  ///< Answers remembered; the one not used for longest goes.
  uint64_t concurrent = 32;        ///< Questions at the same time; more wait, as entries.
};

}  // namespace tailrace
