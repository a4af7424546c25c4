// The rows of the table. A new setting is a field of ServerConfig and a row here.
#include <array>

#include "app/config/settings.h"

namespace tailrace {
namespace {

using enum ValueKind;
using C = ServerConfig;
using Number = uint64_t&;
using OptionalNumber = std::optional<uint64_t>&;

constexpr uint64_t kMaxBytes = 1ULL << 50;
constexpr uint64_t kMaxMs = 7ULL * 86'400'000;
constexpr uint64_t kMaxSeconds = 100ULL * 366 * 86'400;

constexpr std::array kSettings = std::to_array<Setting>({
    {"", "listen", "listen", kList, [](C& c) -> std::vector<std::string>& { return c.listen; },
     "Where to listen: HOST:PORT, [V6]:PORT or unix:PATH; may be repeated. Under TLS if there is a "
     "certificate, unless http:// stands before it or it is a unix socket"},
    {"", "data", "data", kText, [](C& c) -> std::string& { return c.data; },
     "Directory of the embedded store; made if it is not there"},
    {"", "workers", "workers", kCount, [](C& c) -> Number { return c.workers; },
     "Event loops; 0: one for each core", 0, 64},
    {"", "reader_threads", "reader-threads", kCount,
     [](C& c) -> Number { return c.reader_threads; }, "Threads that read the store", 1, 256},
    {"", "compress", "compress", kSwitch, [](C& c) -> bool& { return c.compress; },
     "Compress streams, pages and downloads for clients that accept gzip or zstd"},
    {"", "insecure_no_auth", "insecure-no-auth", kSwitch,
     [](C& c) -> bool& { return c.insecure_no_auth; },
     "Listen beyond loopback without authentication"},
    {"", "log_format", "log-format", kText, [](C& c) -> std::string& { return c.log_format; },
     "How the server writes its own log", 0, 0, "logfmt|json"},
    {"", "log_level", "log-level", kText, [](C& c) -> std::string& { return c.log_level; },
     "What the server writes to its own log", 0, 0, "debug|info|warn|error"},

    {"tls", "cert", "tls-cert", kOptionalText, [](C& c) -> std::string& { return c.tls.cert; },
     "PEM file of the certificate and its chain; read again when it changes and on SIGHUP"},
    {"tls", "key", "tls-key", kOptionalText, [](C& c) -> std::string& { return c.tls.key; },
     "PEM file of the certificate's private key"},
    {"tls", "watch", "tls-watch", kMilliseconds, [](C& c) -> Number { return c.tls.watch_ms; },
     "How often to look whether these files have changed", 100, kMaxMs},

    {"limits", "entry_bytes", "limit-entry-bytes", kBytes,
     [](C& c) -> Number { return c.limits.entry_bytes; },
     "Longest text of an entry; longer ones are split into partial entries", 1, 1ULL << 30},
    {"limits", "body_bytes", "limit-body-bytes", kBytes,
     [](C& c) -> Number { return c.limits.body_bytes; },
     "Longest request body with a length, and longest JSON array", 1024, kMaxBytes},
    {"limits", "header_bytes", "limit-header-bytes", kBytes,
     [](C& c) -> Number { return c.limits.header_bytes; }, "Longest request line and header block",
     1024, 1ULL << 20},
    {"limits", "header_timeout", "limit-header-timeout", kMilliseconds,
     [](C& c) -> Number { return c.limits.header_timeout_ms; },
     "From the first byte of a request to the end of its headers", 1, kMaxMs},
    {"limits", "body_timeout", "limit-body-timeout", kMilliseconds,
     [](C& c) -> Number { return c.limits.body_timeout_ms; },
     "Longest silence inside a request body that told its length", 1, kMaxMs},
    {"limits", "chunked_body_timeout", "limit-chunked-body-timeout", kMilliseconds,
     [](C& c) -> Number { return c.limits.chunked_body_timeout_ms; },
     "Longest silence inside a chunked request body, such as the output of a quiet job", 1, kMaxMs},
    {"limits", "idle_timeout", "limit-idle-timeout", kMilliseconds,
     [](C& c) -> Number { return c.limits.idle_timeout_ms; },
     "How long a connection may stay without a request", 1, kMaxMs},
    {"limits", "write_timeout", "limit-write-timeout", kMilliseconds,
     [](C& c) -> Number { return c.limits.write_timeout_ms; },
     "How long an answer (not a stream) may wait for its reader", 1, kMaxMs},
    {"limits", "tls_handshake_timeout", "limit-tls-handshake-timeout", kMilliseconds,
     [](C& c) -> Number { return c.limits.tls_handshake_timeout_ms; },
     "How long a TLS handshake may take from the moment of connecting", 1, kMaxMs},
    {"limits", "page_entries", "limit-page-entries", kCount,
     [](C& c) -> Number { return c.limits.page_entries; }, "Most entries of one page", 1,
     1'000'000},
    {"limits", "page_bytes", "limit-page-bytes", kBytes,
     [](C& c) -> Number { return c.limits.page_bytes; },
     "A page ends early when it grows beyond this", 1024, 1ULL << 32},
    {"limits", "connections", "limit-connections", kCount,
     [](C& c) -> Number { return c.limits.connections; },
     "Most connections at once; more wait until one is free", 1, 10'000'000},
    {"limits", "viewers", "limit-viewers", kCount, [](C& c) -> Number { return c.limits.viewers; },
     "Most streams at once; more are told to come back later", 1, 10'000'000},

    {"streams", "heartbeat", "heartbeat", kMilliseconds,
     [](C& c) -> Number { return c.streams.heartbeat_ms; },
     "Idle streams get a sign of life so often (10 % more or less)", 100, kMaxMs},
    {"streams", "none_interval", "none-interval", kMilliseconds,
     [](C& c) -> Number { return c.streams.none_interval_ms; },
     "Idle portal streams get [NONE] so often", 50, kMaxMs},
    {"streams", "portal_sentinel", "portal-sentinel", kSwitch,
     [](C& c) -> bool& { return c.streams.portal_sentinel; },
     "Portal streams say [DONE] and [NONE] unless the request says otherwise"},
    {"streams", "retry_min", "retry-min", kMilliseconds,
     [](C& c) -> Number { return c.streams.retry_min_ms; },
     "Shortest reconnection time told to a viewer", 100, kMaxMs},
    {"streams", "retry_max", "retry-max", kMilliseconds,
     [](C& c) -> Number { return c.streams.retry_max_ms; },
     "Longest reconnection time told to a viewer", 100, kMaxMs},
    {"streams", "soft_retry_min", "soft-retry-min", kMilliseconds,
     [](C& c) -> Number { return c.streams.soft_retry_min_ms; },
     "Shortest reconnection time when full, starting or draining", 100, kMaxMs},
    {"streams", "soft_retry_max", "soft-retry-max", kMilliseconds,
     [](C& c) -> Number { return c.streams.soft_retry_max_ms; },
     "Longest reconnection time when full, starting or draining", 100, kMaxMs},
    {"streams", "drain_window", "drain-window", kMilliseconds,
     [](C& c) -> Number { return c.streams.drain_window_ms; },
     "Viewers of a server that stops come back spread over so much time", 0, kMaxMs},
    {"streams", "feed_bytes", "feed-bytes", kBytes,
     [](C& c) -> Number { return c.streams.feed_bytes; },
     "Newest entries kept in memory for each log with viewers", 4096, kMaxBytes},
    {"streams", "all_feeds_bytes", "all-feeds-bytes", kBytes,
     [](C& c) -> Number { return c.streams.all_feeds_bytes; },
     "The same of all logs of a worker together", 4096, kMaxBytes},
    {"streams", "catch_up_cache_bytes", "catch-up-cache-bytes", kBytes,
     [](C& c) -> Number { return c.streams.catch_up_cache_bytes; },
     "Rendered older entries kept by each worker for viewers that catch up", 0, kMaxBytes},
    {"streams", "catch_up_read_bytes", "catch-up-read-bytes", kBytes,
     [](C& c) -> Number { return c.streams.catch_up_read_bytes; },
     "How much one read from the store brings", 4096, 1ULL << 30},
    {"streams", "catch_up_disk_bytes", "catch-up-disk-bytes", kBytes,
     [](C& c) -> Number { return c.streams.catch_up_disk_bytes; },
     "Rendered older entries kept in files in the data directory, of logs that are read again", 0,
     kMaxBytes},
    {"streams", "turn_sends", "turn-sends", kCount,
     [](C& c) -> Number { return c.streams.turn_sends; },
     "Writes to viewers before a loop looks at everything else", 1, 1'000'000},

    {"store", "pending_limit_bytes", "store-pending-limit-bytes", kBytes,
     [](C& c) -> Number { return c.store.pending_limit_bytes; },
     "Appends that may wait for the disk; more are refused with 429", 1 << 16, kMaxBytes},
    {"store", "block_bytes", "store-block-bytes", kBytes,
     [](C& c) -> Number { return c.store.block_bytes; }, "Size at which a stored block is closed",
     1024, 1ULL << 30},
    {"store", "cache_bytes", "store-cache-bytes", kBytes,
     [](C& c) -> Number { return c.store.cache_bytes; }, "The store's cache of blocks", 0,
     kMaxBytes},

    {"retention", "max_age", "retention-max-age", kSeconds,
     [](C& c) -> OptionalNumber { return c.store.retention.policy.max_age_s; },
     "Entries older than this are removed; off: never", 1, kMaxSeconds},
    {"retention", "max_log_bytes", "retention-max-log-bytes", kBytes,
     [](C& c) -> OptionalNumber { return c.store.retention.policy.max_log_bytes; },
     "A log keeps at most so much, its newest entries; off: all", 1024, kMaxBytes},
    {"retention", "max_total_bytes", "retention-max-total-bytes", kBytes,
     [](C& c) -> OptionalNumber { return c.store.retention.max_total_bytes; },
     "All logs together keep at most so much; the oldest entries go first; off: all", 1024,
     kMaxBytes},
    {"retention", "interval", "retention-interval", kSeconds,
     [](C& c) -> Number { return c.store.retention.interval_s; },
     "How often to look for what is to be removed", 1, 86'400},
    {"retention", "type", "retention-type", kTypePolicies,
     [](C& c) -> std::map<std::string, RetentionPolicy>& { return c.store.retention.by_type; },
     "Retention of one type of log, as in deploy:max_age=30d,max_log_bytes=1GiB; may be repeated"},
});

}  // namespace

std::span<const Setting> AllSettings() {
  return kSettings;
}

}  // namespace tailrace
