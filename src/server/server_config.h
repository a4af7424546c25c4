// Everything that can be set about a server; src/app/config reads it from flags, environment and
// tailrace.toml. Every default stands here and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "access/grants.h"
#include "access/outer_config.h"
#include "ingest/redactor.h"
#include "store/store_options.h"

namespace tailrace {

/// Limits of what clients may send; each is told in the error that it causes (api.md "Names and
/// limits").
struct LimitConfig {
  uint64_t entry_bytes = 1 << 20;       ///< Longer texts are split into partial entries.
  uint64_t body_bytes = 64 << 20;       ///< Of a body with a length, and of a JSON array.
  uint64_t header_bytes = 16 << 10;     ///< Request line and header block.
  uint64_t header_timeout_ms = 10'000;  ///< From the first byte to the blank line.
  uint64_t body_timeout_ms = 60'000;    ///< Without a byte of the body while we wait for it.
  uint64_t chunked_body_timeout_ms = 21'600'000;  ///< The same of a chunked body: a quiet job.
  uint64_t idle_timeout_ms = 75'000;              ///< Keep-alive without a request.
  uint64_t write_timeout_ms = 60'000;  ///< Of an answer (not a stream) that nobody reads.
  uint64_t least_rate_bytes = 512;     ///< A second: bodies with a length, answers. 0: none.
  uint64_t tls_handshake_timeout_ms = 10'000;  ///< From connecting to the end of the handshake.
  uint64_t page_entries = 10'000;              ///< Largest `limit` of a page.
  uint64_t page_bytes = 8 << 20;               ///< A page ends earlier if it grows beyond this.
  uint64_t searches = 16;                      ///< Per process at the same time; more get 429.
  uint64_t search_matches = 100'000;           ///< Largest `limit` of a search.
  uint64_t http2_streams = 256;                ///< Of one connection at the same time.
  uint64_t http2_resets = 1'000;               ///< Of one connection within 30 s.
  uint64_t http2_control_frames = 1'000;       ///< The same: frames that ask for nothing.
  uint64_t connections = 18'000;               ///< Per process; more wait in the listen queue.
  uint64_t viewers = 17'000;  ///< Streams per process; more are told to come later.
};

struct StreamConfig {
  uint64_t heartbeat_ms = 15'000;      ///< ± 10 %.
  uint64_t none_interval_ms = 15'000;  ///< The portal's `[NONE]`.
  bool portal_sentinel = true;         ///< Default of the portal's `sentinel` parameter.
  uint64_t retry_min_ms = 2'000;       ///< `retry:` of a stream that begins.
  uint64_t retry_max_ms = 4'000;
  uint64_t soft_retry_min_ms = 3'000;  ///< `retry:` when full, starting or draining.
  uint64_t soft_retry_max_ms = 15'000;
  uint64_t drain_window_ms = 10'000;    ///< Reconnects after a drain are spread over so much.
  uint64_t feed_bytes = 4 << 20;        ///< Newest chunks kept in memory per log with viewers.
  uint64_t all_feeds_bytes = 64 << 20;  ///< Per worker: of all logs together.
  uint64_t catch_up_cache_bytes = 32
                                  << 20;  ///< Per worker: rendered segments of catching-up viewers.
  uint64_t catch_up_read_bytes = 128 << 10;   ///< One read from the store.
  uint64_t catch_up_disk_bytes = 2ULL << 30;  ///< Rendered segments of logs read more than once.
  uint64_t turn_sends = 1'000;                ///< Writes to viewers before the loop looks around.
  uint64_t turn_bytes = 1 << 20;              ///< Bytes to viewers before it does so.
};

/// PEM files. Both or none: then there is no TLS.
struct TlsConfig {
  std::string cert;            ///< The certificate, and behind it the chain that clients need.
  std::string key;             ///< Its private key, without a pass phrase.
  uint64_t watch_ms = 10'000;  ///< How often to look whether they have changed.
};

/// Who may see and write.
struct AccessConfig {
  bool enabled = false;                   ///< Off: everybody may do everything.
  std::vector<Grant> grants;              ///< [[grant]] of tailrace.toml; read again on SIGHUP.
  bool login = true;                      ///< Local users may log in on a page of ours.
  std::string login_url;                  ///< Where else people log in; empty: nowhere.
  uint64_t session_idle_ms = 43'200'000;  ///< Without a request or an open stream.
  uint64_t session_max_ms = 604'800'000;  ///< From the login to the next one.
  uint64_t sessions = 10'000;             ///< Beyond it the one unused for longest is closed.
  uint64_t login_attempts = 10;           ///< Failed logins of a user or an address in a row.
  uint64_t login_interval_ms = 30'000;    ///< Then one each so often.
  uint64_t recheck_ms = 500;              ///< How often identities with open streams are looked at.
};

/// A portal's collection that logs are brought in from (docs/mongodb.md).
struct MongoConfig {
  std::string uri;  ///< Empty: none. May have a password in it.
  std::string database = "popop";
  std::string collection = "sse_logs";
  std::string mode = "auto";          ///< "auto", "stream", "poll".
  uint64_t poll_interval_ms = 150;    ///< Polling: how often to ask.
  uint64_t look_back_ms = 30'000;     ///< Polling: how late a document may come, by its `_id`.
  uint64_t open_timeout_ms = 10'000;  ///< A request waits so long for a log to be read.
};

/// Clusters whose rollouts become logs (docs/kubernetes.md).
struct KubernetesConfig {
  bool enabled = false;
  std::string kubeconfig;               ///< Empty: see kube::FindClusters.
  std::vector<std::string> contexts;    ///< Each is a cluster; empty: the current one.
  std::vector<std::string> namespaces;  ///< Empty: all that may be read.
  std::string selector;                 ///< Label selector of the workloads.
  std::vector<std::string> kinds = {"deployments", "statefulsets", "daemonsets", "jobs", "pods"};
  std::string type = "rollout";          ///< Of logs whose workload does not say another.
  bool old_pods = false;                 ///< Also what pods of older revisions print.
  uint64_t stability_ms = 10'000;        ///< Restarts so long after the verdict make it a failure.
  uint64_t drain_ms = 30'000;            ///< Wait so long for old pods after the verdict.
  uint64_t buffer_bytes = 64 << 20;      ///< Lines that may wait for the store.
  uint64_t followed_containers = 2'000;  ///< At the same time, of a cluster.
};

struct ServerConfig {
  std::vector<std::string> listen = {"127.0.0.1:8080"};  ///< ParseListenAddress.
  std::string base_path;  ///< Empty, or "/tailrace": where a browser finds us (CheckBasePath).
  std::vector<std::string> listen_uwsgi;  ///< The same, without TLS: ParseAddress.
  std::string data = "tailrace-data";     ///< Directory of what is kept on this machine.
  uint64_t workers = 0;                   ///< Loops; 0: one per core.
  uint64_t reader_threads = 4;            ///< Threads that read the store.
  bool compress = true;                   ///< Answers in gzip or zstd to clients that accept them.
  bool insecure_no_auth = false;          ///< Listen beyond loopback without authentication.
  /// Whose word about their clients is believed: addresses, ranges, "unix" (TrustedProxies::Parse).
  std::vector<std::string> trusted_proxies;
  bool proxy_protocol = false;  ///< Their connections to `listen` begin with a PROXY header.
  std::string forwarded_headers = "x-forwarded";  ///< How they say it: ParseForwardedHeaders.
  std::string log_format = "logfmt";              ///< "logfmt" or "json".
  std::string log_level = "info";                 ///< "debug", "info", "warn", "error".
  TlsConfig tls;
  AccessConfig access;
  ForwardAuthConfig forward_auth;
  ProxyAuthConfig proxy_auth;
  JwtConfig jwt;
  AccessReviewConfig access_review;
  std::vector<std::string> cors_origins;     ///< CorsPolicy::Make.
  std::vector<std::string> frame_ancestors;  ///< Origins whose pages may embed ours.
  LimitConfig limits;
  RedactConfig redact;
  StreamConfig streams;
  StoreOptions store;
  MongoStoreSettings mongo_store;
  MongoConfig mongodb;
  KubernetesConfig kubernetes;
};

}  // namespace tailrace
