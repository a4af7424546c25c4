#include "server/server.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "access/listen_policy.h"
#include "server/access_service.h"
#include "server/listen_address.h"
#include "server/structured_log.h"
#include "store/mongodb/mongo_store.h"
#include "store/rocksdb/rocksdb_store.h"

namespace tailrace {
namespace {

constexpr uint64_t kReservedDescriptors = 512;  // the store's files, pipes, listeners
constexpr uint64_t kDrainTimeoutMs = 30'000;    // for requests that are under way
constexpr uint64_t kDrainPollMs = 20;
constexpr uint64_t kAcceptRetryMs = 200;    // after the descriptor table was full
constexpr uint64_t kStarvedLogMs = 10'000;  // as long as it stays so

// The kernel doubles a process's table of descriptors when it is full, and in a process of several
// threads it waits for a grace period of RCU each time (fs/file.c, expand_fdtable): 10 to 40 ms in
// accept(), eight times while the first 10,000 clients come. A high descriptor makes it whole now.
void GrowDescriptorTable(int any, uint64_t descriptors) {
  const int highest = fcntl(any, F_DUPFD_CLOEXEC, static_cast<int>(descriptors) - 1);
  if (highest >= 0) close(highest);
}

void ForgetRemoved(const std::vector<Commit>& commits, SegmentFiles& files) {
  for (const Commit& commit : commits) {
    if (commit.kind == Commit::Kind::kRemoved) files.Forget(commit.info->number);
  }
}

void ForgetRemoved(const std::vector<Commit>& commits, MongoSource& source) {
  for (const Commit& commit : commits) {
    if (commit.kind == Commit::Kind::kRemoved) source.Forget(commit.info->key);
  }
}

uint64_t SteadyMs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Say SayToLog() {
  return {.note = [](const std::string& what) { LogLine(LogLevel::kInfo, what); },
          .warn = [](const std::string& what) { LogLine(LogLevel::kWarn, what); }};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerConfig config, ReloadAccess reload) {
  Result<void> log = SetUpLog(config.log_format, config.log_level);
  if (!log) return Fail(log.error());
  std::unique_ptr<Server> server(new Server(std::move(config), std::move(reload)));
  signal(SIGPIPE, SIG_IGN);
  if (Result<void> read = server->ReadOriginRules(); !read) return Fail(read.error());
  auto redactor = Redactor::Make(server->config_.redact);
  if (!redactor) return Fail(redactor.error());
  server->redactor_ = std::move(*redactor);
  if (Result<void> loaded = server->LoadCertificate(); !loaded) return Fail(loaded.error());
  if (Result<void> bound = server->Bind(); !bound) return Fail(bound.error());
  server->LimitDescriptors();  // before there are threads
  if (Result<void> opened = server->OpenStore(); !opened) return Fail(opened.error());
  if (Result<void> made = server->MakeOuterAuthenticators(); !made) return Fail(made.error());
  if (Result<void> opened = server->OpenAccess(); !opened) return Fail(opened.error());
  if (Result<void> made = server->MakeMongoSource(); !made) return Fail(made.error());
  if (Result<void> made = server->MakeKubernetesSource(); !made) return Fail(made.error());
  if (Result<void> made = server->MakeWorkers(); !made) return Fail(made.error());
  if (server->mongodb_ != nullptr) server->mongodb_->Start();
  if (server->kubernetes_ != nullptr) server->kubernetes_->Start();
  server->Listen();
  return server;
}

Server::~Server() {
  Close();
  for (const ListenSocket& socket : listen_sockets_) {
    if (socket.fd >= 0) close(socket.fd);  // nobody listened on it
  }
}

// The store answers all that it accepted, to loops that do not run any more but are still there.
void Server::Close() {
  listeners_.clear();
  if (mongodb_ != nullptr) mongodb_->Stop();
  if (kubernetes_ != nullptr) kubernetes_->Stop();
  for (const auto& worker : workers_) worker->Shutdown();
  store_.reset();
  outer_.reset();
  workers_.clear();
  if (access_ != nullptr) access_->Stop();
  access_.reset();
}

Result<void> Server::MakeOuterAuthenticators() {
  auto outer = OuterAuthenticators::Make(config_);
  if (!outer) return Fail(outer.error());
  outer_ = std::move(*outer);
  return {};
}

// What browsers shall let other sites do.
Result<void> Server::SetBrowserRules() {
  Result<CorsPolicy> cors = CorsPolicy::Make(config_.cors_origins);
  if (!cors) return Fail(cors.error());
  shared_->cors = std::move(*cors);
  std::string ancestors = "'self'";
  for (const std::string& text : config_.frame_ancestors) {
    const Result<std::string> origin = NormalizeOrigin(text);
    if (!origin) {
      return FailField(ErrorCode::kInvalid, "pages.frame_ancestors",
                       "pages.frame_ancestors: " + origin.error().message);
    }
    ancestors.append(" ").append(*origin);
  }
  // Scripts and styles only from here; log text can do nothing even if it got into the page.
  shared_->content_security_policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
      "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
      "form-action 'self'; frame-ancestors " +
      ancestors;
  return {};
}

Result<void> Server::ReadOriginRules() {
  Result<TrustedProxies> trusted = TrustedProxies::Parse(config_.trusted_proxies);
  if (!trusted) return Fail(trusted.error());
  const auto headers = ParseForwardedHeaders(config_.forwarded_headers);
  if (!headers) return Fail(ErrorCode::kInvalid, "forwarded_headers: x-forwarded or forwarded");
  origin_rules_ = {std::move(*trusted), *headers};
  return {};
}

Result<void> Server::LoadCertificate() {
  if (config_.tls.cert.empty()) return {};
  Result<std::unique_ptr<TlsContext>> tls =
      TlsContext::Load({.certificate = config_.tls.cert, .key = config_.tls.key});
  if (!tls) return Fail(tls.error().code, "TLS: " + tls.error().message);
  tls_ = std::move(*tls);
  LogCertificate(*tls_);
  return {};
}

Result<void> Server::Bind() {
  for (const std::string& text : config_.listen) {
    const Result<ListenAddress> listen = ParseListenAddress(text, tls_ != nullptr);
    if (!listen) return Fail(listen.error());
    const ListenKind kind{.tls = listen->tls ? tls_.get() : nullptr,
                          .proxy_header = config_.proxy_protocol};
    if (Result<void> bound = BindOne(listen->address, kind); !bound) return bound;
  }
  for (const std::string& text : config_.listen_uwsgi) {
    const Result<Address> address = ParseAddress(text);
    if (!address) return Fail(address.error());
    const ListenKind kind{.protocol = ListenKind::Protocol::kUwsgi};
    if (Result<void> bound = BindOne(*address, kind); !bound) return bound;
  }
  if (listen_sockets_.empty())
    return Fail(ErrorCode::kInvalid, "listen: at least one address is needed");
  return {};
}

Result<void> Server::BindOne(const Address& address, const ListenKind& kind) {
  Result<void> allowed = CheckListenPolicy(address.IsLoopback(), address.text,
                                           config_.access.enabled, config_.insecure_no_auth);
  if (!allowed) return allowed;
  const Result<int> fd = OpenListenSocket(address);
  if (!fd) return Fail(fd.error());
  listen_sockets_.push_back({*fd, kind, LocalAddressText(*fd)});
  return {};
}

Result<void> Server::OpenStore() {
  if (!config_.mongo_store.uri.empty()) return OpenMongo();
  Result<std::unique_ptr<LogStore>> store = OpenRocksDbStore(config_.data, config_.store);
  if (!store) return Fail(store.error());
  store_ = std::move(*store);
  return {};
}

Result<void> Server::OpenMongo() {
  // Users and caches are in the data directory all the same.
  const bool has_logs = access((config_.data + "/COMMITTED").c_str(), F_OK) == 0;
  Result<rocks::StoreDirectory> directory = rocks::StoreDirectory::Open(config_.data);
  if (!directory) return Fail(directory.error());
  data_directory_.emplace(std::move(*directory));
  if (has_logs) {
    LogLine(LogLevel::kWarn, "the logs of the embedded store are not shown: store.uri is set")
        .Add("data", config_.data);
  }
  const Result<mongo::Place> place = MongoPlace(config_.mongo_store);
  if (!place) return Fail(place.error());
  // A database that starts together with the server, or later, is waited for.
  const auto tell = [this, address = place->address](const Result<void>& opened) {
    store_is_opening_ = !opened;
    LogLine line(opened ? LogLevel::kInfo : LogLevel::kWarn,
                 opened ? "the store is in MongoDB" : "the store waits for its database");
    line.Add("uri", MaskPassword(address.uri))
        .Add("database", address.database)
        .Add("collection", address.collection);
    if (!opened) line.Add("error", opened.error().message);
  };
  Result<std::unique_ptr<LogStore>> store = OpenMongoStore(*place, config_.store, nullptr, tell);
  if (!store) return Fail(store.error());
  store_ = std::move(*store);
  return {};
}

Result<void> Server::OpenAccess() {
  if (!config_.access.enabled) return {};
  Result<std::unique_ptr<AccessService>> access = AccessService::Open(config_);
  if (!access) return Fail(access.error());
  access_ = std::move(*access);
  return {};
}

void Server::LimitDescriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const uint64_t room = limit.rlim_cur > 2 * kReservedDescriptors
                            ? limit.rlim_cur - kReservedDescriptors
                            : limit.rlim_cur / 2;
  if (config_.limits.connections > room) {
    LogLine(LogLevel::kWarn, "connections limited by descriptors")
        .Add("configured", config_.limits.connections)
        .Add("connections", room);
    config_.limits.connections = room;
  }
  GrowDescriptorTable(listen_sockets_[0].fd, config_.limits.connections + kReservedDescriptors);
}

Result<void> Server::MakeWorkers() {
  size_t count = config_.workers;
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  count = std::min(count, Hub::kMaxWorkers);
  setenv("UV_THREADPOOL_SIZE", std::to_string(config_.reader_threads).c_str(), 1);

  std::vector<Hub::Sink> sinks;
  for (size_t i = 0; i < count; ++i) {
    sinks.push_back([this, i](HubDelivery delivery) { workers_[i]->Deliver(std::move(delivery)); });
  }
  hub_ = std::make_unique<Hub>(*store_, std::move(sinks));
  shared_ = std::make_unique<ServerShared>(config_, *store_, renderer_, routes_, *hub_, workers_);
  shared_->tls = tls_.get();
  if (Result<void> set = SetBrowserRules(); !set) return set;
  shared_->store_is_opening = &store_is_opening_;
  shared_->outer = outer_.get();
  shared_->reviews = reviews_.get();
  shared_->origin = mongodb_.get();
  shared_->mongodb = mongodb_.get();
  shared_->kubernetes = kubernetes_.get();
  shared_->access = access_.get();
  shared_->origin_rules = origin_rules_;
  shared_->redactor = redactor_.get();
  shared_->on_connection_closed = [this] { OnConnectionClosed(); };
  if (config_.streams.catch_up_disk_bytes > 0) {
    segment_files_ = std::make_unique<SegmentFiles>(
        config_.data, SegmentFilesLimits{.bytes = config_.streams.catch_up_disk_bytes});
    shared_->segment_files = segment_files_.get();
  }
  for (size_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i, *shared_));
  store_->SetCommitListener([this](const std::vector<Commit>& commits) {
    if (segment_files_ != nullptr) ForgetRemoved(commits, *segment_files_);
    if (mongodb_ != nullptr) ForgetRemoved(commits, *mongodb_);
    hub_->Publish(commits);
  });
  return {};
}

Result<void> Server::MakeMongoSource() {
  const MongoConfig& config = config_.mongodb;
  if (config.uri.empty()) return {};
  MongoSourceOptions options;
  options.tail.address = {config.uri, config.database, config.collection};
  options.tail.mode = config.mode == "stream" ? TailMode::kStream
                      : config.mode == "poll" ? TailMode::kPoll
                                              : TailMode::kAuto;
  options.tail.poll_interval_ms = config.poll_interval_ms;
  options.tail.look_back_ms = config.look_back_ms;
  options.checkpoint_path = config_.data + "/mongodb-source.json";
  options.open_timeout_ms = config.open_timeout_ms;
  options.say = SayToLog();
  if (redactor_ != nullptr) {
    options.mask = [redactor = redactor_.get()](std::string& text) { redactor->Mask(text); };
  }
  auto source = MongoSource::Make(*store_, std::move(options), random_);
  if (!source) return Fail(source.error());
  mongodb_ = std::move(*source);
  return {};
}

Result<void> Server::MakeKubernetesSource() {
  const KubernetesConfig& config = config_.kubernetes;
  if (!config.enabled) return {};
  auto clusters =
      kube::FindClusters(config.kubeconfig, config.contexts, kube::ProcessEnvironment());
  if (!clusters) return Fail(clusters.error());
  for (const kube::ClusterConfig& cluster : *clusters) {
    LogLine(LogLevel::kInfo, "following a Kubernetes cluster")
        .Add("cluster", cluster.name)
        .Add("server", cluster.server);
  }
  auto source = KubernetesSource::Make(*store_,
                                       {.clusters = std::move(*clusters),
                                        .namespaces = config.namespaces,
                                        .selector = config.selector,
                                        .kinds = config.kinds,
                                        .old_pods = config.old_pods,
                                        .stability_ms = config.stability_ms,
                                        .drain_ms = config.drain_ms,
                                        .type = config.type,
                                        .buffer_bytes = config.buffer_bytes,
                                        .entry_bytes = config_.limits.entry_bytes,
                                        .max_followers = config.followed_containers,
                                        .access_timeout_ms = config_.access_review.timeout_ms,
                                        .state_folder = config_.data,
                                        .redactor = redactor_.get(),
                                        .say = SayToLog()},
                                       Clock::System(), random_);
  if (!source) return Fail(source.error());
  kubernetes_ = std::move(*source);
  if (config_.access_review.enabled) MakeReviews();
  return {};
}

void Server::MakeReviews() {
  const auto ask = [this](const ReviewQuestion& question, AccessReviews::Answered answered) {
    kubernetes_->AskAccess(question.cluster,
                           {question.namespace_name, question.user, question.groups},
                           [answered = std::move(answered)](AccessAnswer answer) mutable {
                             answered(answer == AccessAnswer::kAllowed  ? ReviewAnswer::kAllowed
                                      : answer == AccessAnswer::kDenied ? ReviewAnswer::kDenied
                                                                        : ReviewAnswer::kNone);
                           });
  };
  reviews_ = std::make_unique<AccessReviews>(config_.access_review, ask, SteadyMs);
}

// ------------------------------------------------------------------------------------------------
// Accepting: on worker 0's loop, for all

void Server::Listen() {
  for (ListenSocket& socket : listen_sockets_) {
    listeners_.push_back(std::make_unique<Listener>(
        workers_[0]->loop(), std::exchange(socket.fd, -1),
        [this, kind = socket.kind](int client) { Accept(client, kind); }));
    listeners_.back()->SetOnStarved([this] { OnStarved(); });
  }
}

void Server::Accept(int fd, const ListenKind& kind) {
  const auto least = std::ranges::min_element(
      workers_, {}, [](const std::unique_ptr<Worker>& worker) { return worker->Sessions(); });
  const uint64_t open = shared_->connections.fetch_add(1) + 1;
  (*least)->TakeConnection(fd, kind);
  if (open < config_.limits.connections) return;
  accept_paused_ = true;
  shared_->rests_at_limit.fetch_add(1);
  for (const auto& listener : listeners_) listener->Pause();
  if (shared_->connections.load() < config_.limits.connections) OnConnectionClosed();
}

void Server::OnStarved() {
  const uint64_t now_ms = workers_[0]->loop().NowMs();
  shared_->rests_starved.fetch_add(1);
  if (starved_told_ms_ == 0 || now_ms - starved_told_ms_ >= kStarvedLogMs) {
    starved_told_ms_ = now_ms;
    LogLine(LogLevel::kWarn, "no descriptor left, accepting rests")
        .Add("connections", shared_->connections.load());
  }
  workers_[0]->loop().After(kAcceptRetryMs, [this] { ResumeListeners(); });
}

void Server::OnConnectionClosed() {
  if (!accept_paused_.exchange(false)) return;
  workers_[0]->loop().Post([this] { ResumeListeners(); });
}

void Server::ResumeListeners() {
  for (const auto& listener : listeners_) listener->Resume();
}

// ------------------------------------------------------------------------------------------------
// Running and stopping

int Server::Run() {
  Loop& loop = workers_[0]->loop();
  loop.OnSignals([this](int signal) { OnSignal(signal); });
  if (tls_ != nullptr) {
    certificate_watch_ = std::make_unique<CertificateWatch>(loop, *tls_, config_.tls.watch_ms);
    certificate_watch_->Start();
  }
  if (tls_ != nullptr || config_.access.enabled) loop.OnHangUp([this] { OnHangUp(); });
  if (access_ != nullptr) access_->Start(loop);
  for (const ListenSocket& socket : listen_sockets_) {
    LogLine(LogLevel::kInfo, "listening")
        .Add("address", socket.address)
        .Add("tls", socket.kind.tls != nullptr ? "on" : "off")
        .Add("protocol", socket.kind.protocol == ListenKind::Protocol::kUwsgi ? "uwsgi" : "http")
        .Add("data", config_.data)
        .Add("workers", workers_.size());
  }
  std::vector<std::jthread> threads;
  for (size_t i = 1; i < workers_.size(); ++i) {
    threads.emplace_back([worker = workers_[i].get()] { worker->Run(); });
  }
  workers_[0]->Run();
  threads.clear();
  Close();
  LogLine(LogLevel::kInfo, "stopped").Add("data", config_.data);
  return 0;
}

void Server::OnSignal(int signal) {
  if (shared_->draining.exchange(true)) {
    StopWorkers();
    return;
  }
  LogLine(LogLevel::kInfo, "draining")
      .Add("signal", static_cast<uint64_t>(signal))
      .Add("connections", shared_->connections.load())
      .Add("viewers", shared_->viewers.load());
  for (const auto& worker : workers_) worker->StartDrain();
  WaitForDrain(workers_[0]->loop().NowMs() + kDrainTimeoutMs);
}

void Server::OnHangUp() {
  if (certificate_watch_ != nullptr) certificate_watch_->Reload();
  if (!config_.access.enabled) return;
  auto access = std::make_shared<Result<AccessConfig>>();
  workers_[0]->loop().RunInPool([this, access] { *access = reload_access_(); },
                                [this, access] { UseAccess(*access); });
}

// Of what can be set, the grants alone are taken over by a server that runs.
void Server::UseAccess(const Result<AccessConfig>& access) {
  if (!access) {
    LogLine(LogLevel::kError, "the new configuration cannot be used, the old grants stay")
        .Add("error", access.error().message);
    return;
  }
  const auto policy = std::make_shared<const Policy>(Policy{access->grants});
  Audit(ChangesOf(grants_, policy->grants));
  grants_ = policy->grants;
  LogLine(LogLevel::kAudit, "grants in force").Add("grants", policy->grants.size());
  for (const auto& worker : workers_) {
    worker->loop().Post([&gate = worker->gate(), policy] { gate.SetPolicy(policy); });
  }
}

// New clients are still answered, so that none meets a closed port before it was told when to come
// back.
void Server::WaitForDrain(uint64_t deadline_ms) {
  Loop& loop = workers_[0]->loop();
  if (shared_->connections.load() == 0 || loop.NowMs() >= deadline_ms) {
    StopWorkers();
    return;
  }
  loop.After(kDrainPollMs, [this, deadline_ms] { WaitForDrain(deadline_ms); });
}

void Server::StopWorkers() {
  for (const auto& worker : workers_) worker->Stop();
}

}  // namespace tailrace
