#include "server/metrics.h"

#include <prometheus/text_serializer.h>

#include <array>
#include <map>

#include "http/negotiate.h"
#include "ingest/redactor.h"
#include "io/tls_context.h"
#include "server/access_service.h"
#include "server/outer_authenticators.h"
#include "source/kubernetes/kubernetes_source.h"
#include "source/mongodb/mongo_source.h"

namespace tailrace {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

class Families {
 public:
  void Counter(const char* name, const char* help, double value) {
    Begin(name, help, MetricType::Counter);
    AddCounter("", "", value);
  }
  void Gauge(const char* name, const char* help, double value) {
    Begin(name, help, MetricType::Gauge);
    prometheus::ClientMetric metric;
    metric.gauge.value = value;
    families_.back().metric.push_back(metric);
  }
  void Begin(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
  }
  void AddCounter(const std::string& label, const std::string& value_of_label, double value) {
    prometheus::ClientMetric metric;
    if (!label.empty()) metric.label.push_back({label, value_of_label});
    metric.counter.value = value;
    families_.back().metric.push_back(metric);
  }
  void AddGauge(const std::string& label, const std::string& value_of_label, double value) {
    prometheus::ClientMetric metric;
    metric.label.push_back({label, value_of_label});
    metric.gauge.value = value;
    families_.back().metric.push_back(metric);
  }
  std::string Text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

double AsDouble(uint64_t value) {
  return static_cast<double>(value);
}

template <typename Pick>
double Sum(const std::vector<WorkerStats>& workers, Pick pick) {
  double sum = 0;
  for (const WorkerStats& worker : workers) sum += AsDouble(pick(worker));
  return sum;
}

void AddStore(Families& out, const StoreStats& store) {
  out.Counter("tailrace_store_commits_total", "Batches written and synced",
              AsDouble(store.commits));
  out.Counter("tailrace_store_entries_total", "Entries committed", AsDouble(store.entries));
  out.Counter("tailrace_store_entry_bytes_total", "Encoded size of committed entries",
              AsDouble(store.entry_bytes));
  out.Counter("tailrace_store_commit_seconds_total", "Time spent in write and fsync",
              AsDouble(store.fsync_ns_total) / 1e9);
  out.Counter("tailrace_store_retired_entries_total", "Entries cut by retention",
              AsDouble(store.retired_entries));
  out.Counter("tailrace_store_damaged_reads_total", "Reads that met a damaged block",
              AsDouble(store.damaged_reads));
  out.Gauge("tailrace_store_pending_bytes", "Appends that wait for the disk",
            AsDouble(store.pending_bytes));
  out.Gauge("tailrace_store_pending_limit_bytes", "Beyond it appends are refused with 429",
            AsDouble(store.pending_limit_bytes));
  out.Gauge("tailrace_store_unsettled_bytes", "Small appends that are no blocks of their logs yet",
            AsDouble(store.unsettled_bytes));
  out.Gauge("tailrace_store_unsettled_limit_bytes", "Beyond it they become blocks",
            AsDouble(store.unsettled_limit_bytes));
  out.Gauge("tailrace_store_disk_bytes", "Size of the store's files", AsDouble(store.disk_bytes));
  out.Gauge("tailrace_store_logs", "Logs in the store", AsDouble(store.logs));
  out.Gauge("tailrace_store_waiting", "1: the store's database is away, and commits wait",
            store.waiting.empty() ? 0 : 1);
  out.Counter("tailrace_store_conflicts_total",
              "Commits planned again, because another server was first", AsDouble(store.conflicts));
  out.Counter("tailrace_store_reconnects_total", "Connections to the store's database lost",
              AsDouble(store.reconnects));
  out.Gauge("tailrace_store_failed", "1: no more writes until it is reopened",
            store.failed ? 1 : 0);
}

void AddSearches(Families& out, const ServerShared& shared) {
  const SearchLoad& searches = shared.searches;
  out.Gauge("tailrace_searches", "Searches under way", AsDouble(searches.under_way.load()));
  out.Gauge("tailrace_searches_limit", "Beyond it searches are refused with 429",
            AsDouble(shared.config.limits.searches));
  out.Counter("tailrace_searches_started_total", "Searches begun",
              AsDouble(searches.started.load()));
  out.Counter("tailrace_searches_refused_total", "Searches refused with 429",
              AsDouble(searches.refused.load()));
  out.Counter("tailrace_search_cpu_microseconds_total", "CPU time that searches took",
              AsDouble(searches.cpu_ns.load() / 1'000));
}

// What compressing gives and costs, by coding.
void AddCodings(Families& out, const std::vector<WorkerStats>& workers) {
  const auto add = [&](const char* name, const char* help, auto pick) {
    out.Begin(name, help, MetricType::Counter);
    for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
      const auto index = static_cast<size_t>(coding);
      out.AddCounter("coding", std::string(ContentCodingName(coding)),
                     Sum(workers, [&](const WorkerStats& w) { return pick(w.feeds, index); }));
    }
  };
  add("tailrace_stream_plain_bytes_total",
      "What the entries sent compressed would have been uncompressed",
      [](const FeedStats& feeds, size_t i) { return feeds.plain_bytes_sent[i]; });
  add("tailrace_segments_compressed_total", "Runs of entries compressed, each for many viewers",
      [](const FeedStats& feeds, size_t i) { return feeds.costs.segments[i]; });
  add("tailrace_segments_plain_bytes_total", "Their size before",
      [](const FeedStats& feeds, size_t i) { return feeds.costs.plain_bytes[i]; });
  add("tailrace_segments_coded_bytes_total", "Their size compressed",
      [](const FeedStats& feeds, size_t i) { return feeds.costs.coded_bytes[i]; });
  add("tailrace_segments_cpu_microseconds_total", "CPU time that compressing them took",
      [](const FeedStats& feeds, size_t i) { return feeds.costs.cpu_ns[i] / 1'000; });
}

void AddStreams(Families& out, const std::vector<WorkerStats>& workers) {
  const auto sum = [&workers](auto pick) { return Sum(workers, pick); };
  out.Gauge("tailrace_feeds", "Logs with viewers, counted per worker",
            sum([](const WorkerStats& w) { return w.feeds.feeds; }));
  out.Gauge("tailrace_list_viewers", "Streams of the list of logs",
            sum([](const WorkerStats& w) { return w.list_viewers; }));
  out.Gauge("tailrace_viewer_lag_entries", "Entries that viewers have still to get, summed up",
            sum([](const WorkerStats& w) { return w.viewer_lag_entries; }));
  out.Counter("tailrace_stream_entries_total", "Entries delivered to viewers",
              sum([](const WorkerStats& w) { return w.feeds.entries_sent; }));
  out.Counter("tailrace_stream_writes_total", "Writes to viewers' connections",
              sum([](const WorkerStats& w) { return w.feeds.writes; }));
  out.Begin("tailrace_stream_bytes_total", "Bytes sent to viewers", MetricType::Counter);
  for (const ContentCoding coding :
       {ContentCoding::kIdentity, ContentCoding::kGzip, ContentCoding::kZstd}) {
    out.AddCounter("coding", std::string(ContentCodingName(coding)),
                   sum([coding](const WorkerStats& w) {
                     return w.feeds.bytes_sent[static_cast<size_t>(coding)];
                   }));
  }
  out.Counter("tailrace_streams_started_total", "Log streams begun",
              sum([](const WorkerStats& w) { return w.streams_started; }));
  out.Counter("tailrace_streams_resumed_total", "Log streams begun with Last-Event-ID",
              sum([](const WorkerStats& w) { return w.streams_resumed; }));
  out.Counter("tailrace_streams_refused_total", "Streams told to come back later",
              sum([](const WorkerStats& w) { return w.streams_refused; }));
  out.Counter("tailrace_streams_ended_total", "Streams told the end of their log",
              sum([](const WorkerStats& w) { return w.streams_ended; }));
  out.Counter("tailrace_streams_expired_total",
              "Streams ended because their viewer may not see them any more",
              sum([](const WorkerStats& w) { return w.streams_expired; }));
  out.Counter("tailrace_stream_gaps_total", "Gaps told to viewers",
              sum([](const WorkerStats& w) { return w.feeds.gaps; }));
  out.Counter("tailrace_stream_resets_total", "Resets told to viewers",
              sum([](const WorkerStats& w) { return w.feeds.resets; }));
  out.Counter("tailrace_catch_up_reads_total", "Reads of the store for viewers that catch up",
              sum([](const WorkerStats& w) { return w.feeds.store_reads; }));
  out.Counter("tailrace_catch_up_file_reads_total",
              "Segments read from files instead, where logs that are read again are kept",
              sum([](const WorkerStats& w) { return w.feeds.file_reads; }));
  out.Gauge("tailrace_feed_window_bytes", "Newest chunks and their segments in memory",
            sum([](const WorkerStats& w) { return w.feeds.window_bytes; }));
  out.Gauge("tailrace_catch_up_cache_bytes", "Segments in memory for viewers that catch up",
            sum([](const WorkerStats& w) { return w.feeds.cache_bytes; }));
}

void AddFiles(Families& out, const SegmentFiles& files) {
  const SegmentFilesStats stats = files.Stats();
  out.Gauge("tailrace_catch_up_disk_bytes", "Size of those files", AsDouble(stats.bytes));
  out.Counter("tailrace_catch_up_file_errors_total", "Reads and writes of them that failed",
              AsDouble(stats.errors));
}

void AddProtocols(Families& out, const std::vector<WorkerStats>& workers) {
  const auto sum = [&workers](auto pick) { return Sum(workers, pick); };
  const auto by_protocol = [&](const char* name, const char* help, auto http1, auto http2,
                               auto uwsgi) {
    out.Begin(name, help, MetricType::Gauge);
    out.AddGauge("protocol", "http/1.1", sum(http1));
    out.AddGauge("protocol", "h2", sum(http2));
    out.AddGauge("protocol", "uwsgi", sum(uwsgi));
  };
  by_protocol(
      "tailrace_protocol_connections", "Open connections by protocol",
      [](const WorkerStats& w) { return w.http1_connections; },
      [](const WorkerStats& w) { return w.http2_connections; },
      [](const WorkerStats& w) { return w.uwsgi_connections; });
  by_protocol(
      "tailrace_protocol_event_streams", "Streams of logs and of the list by protocol",
      [](const WorkerStats& w) { return w.http1_event_streams; },
      [](const WorkerStats& w) { return w.http2_event_streams; },
      [](const WorkerStats& w) { return w.uwsgi_event_streams; });
  out.Counter("tailrace_proxy_headers_refused_total",
              "Connections of trusted proxies without a valid PROXY header",
              sum([](const WorkerStats& w) { return w.proxy_headers_refused; }));
  out.Gauge("tailrace_http2_streams", "Requests under way on HTTP/2, streams included",
            sum([](const WorkerStats& w) { return w.http2_streams; }));
  out.Begin("tailrace_http2_cut_total", "HTTP/2 connections that were cut for abuse",
            MetricType::Counter);
  for (int i = 1; i < kHttp2Abuses; ++i) {
    const auto abuse = static_cast<Http2Abuse>(i);
    out.AddCounter("cause", Http2AbuseName(abuse),
                   sum([i](const WorkerStats& w) { return w.http2_abuses[i]; }));
  }
}

void AddAnswers(Families& out, const std::vector<WorkerStats>& workers) {
  out.Counter("tailrace_http_requests_total", "Requests read",
              Sum(workers, [](const WorkerStats& w) { return w.requests; }));
  // Those of overload stand there from the start, so that an alert can be written on them.
  std::map<int, uint64_t> answers = {{200, 0}, {408, 0}, {413, 0}, {429, 0}, {431, 0}, {503, 0}};
  for (const WorkerStats& worker : workers) {
    for (const auto& [status, count] : worker.answers) answers[status] += count;
  }
  out.Begin("tailrace_http_answers_total", "Answers by status", MetricType::Counter);
  for (const auto& [status, count] : answers) {
    out.AddCounter("code", std::to_string(status), AsDouble(count));
  }
  out.Begin("tailrace_slow_clients_total",
            "Clients cut because a head, a body or an answer took them too long",
            MetricType::Counter);
  constexpr std::array<const char*, kSlowIn> kWhere = {"head", "body", "answer"};
  for (size_t i = 0; i < kSlowIn; ++i) {
    out.AddCounter("in", kWhere[i],
                   Sum(workers, [i](const WorkerStats& w) { return w.slow_clients[i]; }));
  }
  out.Counter("tailrace_http_answer_bytes_total", "Bytes sent that are not of a stream",
              Sum(workers, [](const WorkerStats& w) { return w.bytes_sent; }));
}

void AddOuter(Families& out, const OuterAuthenticators& outer) {
  if (const ForwardAuth* forward_auth = outer.forward_auth()) {
    const ForwardAuthStats stats = forward_auth->Stats();
    out.Begin("tailrace_forward_auth_answers_total", "Answers about credentials",
              MetricType::Counter);
    out.AddCounter("answer", "granted", AsDouble(stats.granted));
    out.AddCounter("answer", "refused", AsDouble(stats.refused));
    out.AddCounter("answer", "failed", AsDouble(stats.failed));
    out.Counter("tailrace_forward_auth_cached_total", "Requests that needed no question",
                AsDouble(stats.cached));
    out.Gauge("tailrace_forward_auth_asking", "Questions under way or waiting",
              AsDouble(stats.asking));
    out.Gauge("tailrace_forward_auth_entries", "Credentials remembered", AsDouble(stats.entries));
  }
  if (const JwtKeys* keys = outer.jwt_keys()) {
    uint64_t read = 0;
    uint64_t failed = 0;
    keys->Count(read, failed);
    out.Begin("tailrace_jwt_key_reads_total", "Times that the issuer's keys were read",
              MetricType::Counter);
    out.AddCounter("result", "ok", AsDouble(read));
    out.AddCounter("result", "failed", AsDouble(failed));
  }
}

void AddTls(Families& out, const TlsContext& tls) {
  const TlsStats& stats = tls.stats();
  out.Begin("tailrace_tls_handshakes_total", "TLS handshakes done", MetricType::Counter);
  out.AddCounter("kind", "full", AsDouble(stats.full.load()));
  out.AddCounter("kind", "resumed", AsDouble(stats.resumed.load()));
  out.Begin("tailrace_tls_handshakes_failed_total", "TLS handshakes that came to nothing",
            MetricType::Counter);
  for (size_t i = 0; i < kTlsFailures; ++i) {
    out.AddCounter("cause", TlsFailureName(static_cast<TlsFailure>(i)),
                   AsDouble(stats.failed[i].load()));
  }
  out.Gauge("tailrace_tls_handshakes_pending", "TLS handshakes under way",
            AsDouble(stats.pending.load()));
  out.Begin("tailrace_tls_reloads_total", "Times that certificate and key were read again",
            MetricType::Counter);
  out.AddCounter("result", "ok", AsDouble(stats.reloads.load()));
  out.AddCounter("result", "failed", AsDouble(stats.failed_reloads.load()));
  out.Gauge("tailrace_tls_certificate_expiry_timestamp_seconds", "When the certificate expires",
            static_cast<double>(tls.Certificate().not_after_s));
}

void AddMongoDb(Families& out, const MongoSourceStats& stats) {
  const auto counter = [&out](const char* name, const char* help, uint64_t value) {
    out.Counter(name, help, AsDouble(value));
  };
  out.Gauge("tailrace_mongodb_connected", "1: new documents are being followed",
            stats.connected ? 1 : 0);
  out.Gauge("tailrace_mongodb_lag_seconds", "Age of the oldest document that is not stored yet",
            stats.lag_seconds);
  out.Gauge("tailrace_mongodb_waiting_documents", "Documents read that are not stored yet",
            AsDouble(stats.waiting_documents));
  out.Gauge("tailrace_mongodb_waiting_logs", "Logs that wait to be read as a whole",
            AsDouble(stats.waiting_logs));
  counter("tailrace_mongodb_documents_total", "Documents stored as entries", stats.documents);
  counter("tailrace_mongodb_ends_total", "[DONE] documents that ended a log", stats.ends);
  out.Begin("tailrace_mongodb_ignored_total", "Documents and changes that are no new entry",
            MetricType::Counter);
  out.AddCounter("cause", "repeated", AsDouble(stats.repeated));
  out.AddCounter("cause", "name", AsDouble(stats.invalid));
  out.AddCounter("cause", "after_end", AsDouble(stats.after_end));
  out.AddCounter("cause", "edit", AsDouble(stats.edits));
  out.AddCounter("cause", "delete", AsDouble(stats.deletes));
  counter("tailrace_mongodb_reconnects_total", "Connections lost", stats.reconnects);
  counter("tailrace_mongodb_resets_total", "Times that all open logs had to be compared",
          stats.resets);
  counter("tailrace_mongodb_imports_total", "Logs read as a whole", stats.imports);
  counter("tailrace_mongodb_queries_total", "Cursors and change streams opened", stats.queries);
}

void AddKubernetes(Families& out, const KubernetesStats& stats) {
  using Cluster = KubernetesClusterStats;
  const auto gauge = [&](const char* name, const char* help, auto pick) {
    out.Begin(name, help, MetricType::Gauge);
    for (const Cluster& one : stats.clusters)
      out.AddGauge("cluster", one.name, AsDouble(pick(one)));
  };
  const auto counter = [&](const char* name, const char* help, auto pick) {
    out.Begin(name, help, MetricType::Counter);
    for (const Cluster& one : stats.clusters) {
      out.AddCounter("cluster", one.name, AsDouble(pick(one)));
    }
  };
  gauge("tailrace_kubernetes_reachable", "1: the API server answered last",
        [](const Cluster& one) { return one.api.reachable ? 1 : 0; });
  gauge("tailrace_kubernetes_synced", "1: all objects are known, and changes are being followed",
        [](const Cluster& one) { return one.synced ? 1 : 0; });
  gauge("tailrace_kubernetes_workloads", "Workloads known",
        [](const Cluster& one) { return one.workloads; });
  gauge("tailrace_kubernetes_pods", "Pods known", [](const Cluster& one) { return one.pods; });
  gauge("tailrace_kubernetes_object_bytes", "Memory for what is known of objects",
        [](const Cluster& one) { return one.object_bytes; });
  gauge("tailrace_kubernetes_rollouts", "Rollouts whose logs are open",
        [](const Cluster& one) { return one.rollouts; });
  gauge("tailrace_kubernetes_followers", "Containers being followed",
        [](const Cluster& one) { return one.followers; });
  gauge("tailrace_kubernetes_streams", "Watches and logs open at the API server",
        [](const Cluster& one) { return one.api.open_streams; });
  counter("tailrace_kubernetes_rollouts_total", "Rollouts begun or resumed",
          [](const Cluster& one) { return one.rollouts_total; });
  counter("tailrace_kubernetes_requests_total", "Requests to the API server",
          [](const Cluster& one) { return one.api.requests; });
  counter("tailrace_kubernetes_refused_total", "Of them refused",
          [](const Cluster& one) { return one.api.refused; });
  counter("tailrace_kubernetes_unreachable_total", "Of them without an answer",
          [](const Cluster& one) { return one.api.unreachable; });
  counter("tailrace_kubernetes_cut_total", "Of them broken off",
          [](const Cluster& one) { return one.api.cut; });
  counter("tailrace_kubernetes_received_bytes_total", "Bytes of their answers",
          [](const Cluster& one) { return one.api.received_bytes; });
  counter("tailrace_kubernetes_log_bytes_total", "Bytes of containers' logs, as kubelets sent them",
          [](const Cluster& one) { return one.log_bytes; });
  counter("tailrace_kubernetes_lists_total", "Lists of objects read as a whole",
          [](const Cluster& one) { return one.lists; });
  counter("tailrace_kubernetes_watches_total", "Watches opened",
          [](const Cluster& one) { return one.watches; });
  counter("tailrace_kubernetes_expired_total", "Times that history was gone (410)",
          [](const Cluster& one) { return one.expired; });
  counter("tailrace_kubernetes_reconnects_total", "Followed logs opened again",
          [](const Cluster& one) { return one.reconnects; });
  counter("tailrace_kubernetes_gaps_total", "Gaps said in logs",
          [](const Cluster& one) { return one.gaps; });
  counter("tailrace_kubernetes_pauses_total", "Followed logs ended because the store was behind",
          [](const Cluster& one) { return one.pauses; });
  counter("tailrace_kubernetes_not_followed_total",
          "Containers beyond kubernetes.followed_containers",
          [](const Cluster& one) { return one.not_followed; });
  out.Gauge("tailrace_kubernetes_waiting_bytes", "Lines that wait for the store",
            AsDouble(stats.waiting_bytes));
  out.Counter("tailrace_kubernetes_entries_total", "Entries stored", AsDouble(stats.entries));
  out.Counter("tailrace_kubernetes_refusals_total", "Appends that had to be repeated",
              AsDouble(stats.refusals));
}

void AddReviews(Families& out, const AccessReviewStats& stats) {
  out.Begin("tailrace_access_review_answers_total", "Answers of clusters about viewers",
            MetricType::Counter);
  out.AddCounter("answer", "allowed", AsDouble(stats.allowed));
  out.AddCounter("answer", "denied", AsDouble(stats.denied));
  out.AddCounter("answer", "failed", AsDouble(stats.failed));
  out.Counter("tailrace_access_review_cached_total", "Verdicts that needed no question",
              AsDouble(stats.cached));
  out.Gauge("tailrace_access_review_asking", "Questions under way", AsDouble(stats.asking));
  out.Gauge("tailrace_access_review_waiting", "Questions that wait for their turn",
            AsDouble(stats.waiting));
  out.Gauge("tailrace_access_review_entries", "Answers remembered", AsDouble(stats.entries));
}

void AddAccess(Families& out, const BookStats& stats) {
  out.Gauge("tailrace_access_users", "Local users", AsDouble(stats.users));
  out.Gauge("tailrace_access_tokens", "Tokens", AsDouble(stats.tokens));
  out.Gauge("tailrace_access_sessions", "Logins that hold", AsDouble(stats.sessions));
  out.Begin("tailrace_access_logins_total", "Logins that were tried", MetricType::Counter);
  out.AddCounter("result", "ok", AsDouble(stats.logins));
  out.AddCounter("result", "failed", AsDouble(stats.logins_failed));
  out.AddCounter("result", "throttled", AsDouble(stats.logins_throttled));
}

}  // namespace

std::string MetricsText(const ServerShared& shared, const std::vector<WorkerStats>& workers) {
  Families out;
  out.Gauge("tailrace_connections", "Open connections", AsDouble(shared.connections.load()));
  out.Gauge("tailrace_connections_limit", "Beyond it clients wait in the listen queue",
            AsDouble(shared.config.limits.connections));
  out.Begin("tailrace_accept_rests_total", "Times that new clients began to wait in the queue",
            MetricType::Counter);
  out.AddCounter("cause", "connections", AsDouble(shared.rests_at_limit.load()));
  out.AddCounter("cause", "descriptors", AsDouble(shared.rests_starved.load()));
  out.Gauge("tailrace_viewers", "Log streams", AsDouble(shared.viewers.load()));
  out.Gauge("tailrace_viewers_limit", "Beyond it streams are told to come back later",
            AsDouble(shared.config.limits.viewers));
  AddSearches(out, shared);
  out.Gauge("tailrace_draining", "1: the server is stopping", shared.draining.load() ? 1 : 0);
  AddProtocols(out, workers);
  AddAnswers(out, workers);
  AddStreams(out, workers);
  AddCodings(out, workers);
  if (shared.segment_files != nullptr) AddFiles(out, *shared.segment_files);
  if (shared.redactor != nullptr) {
    out.Counter("tailrace_redacted_secrets_total", "Secrets masked in what producers sent",
                AsDouble(shared.redactor->Masked()));
  }
  if (shared.outer != nullptr) AddOuter(out, *shared.outer);
  AddStore(out, shared.store.Stats());
  if (shared.mongodb != nullptr) AddMongoDb(out, shared.mongodb->Stats());
  if (shared.kubernetes != nullptr) AddKubernetes(out, shared.kubernetes->Stats());
  if (shared.reviews != nullptr) AddReviews(out, shared.reviews->Stats());
  if (shared.tls != nullptr) AddTls(out, *shared.tls);
  if (shared.access != nullptr) AddAccess(out, shared.access->book().Stats());
  return out.Text();
}

}  // namespace tailrace
