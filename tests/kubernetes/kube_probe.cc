// kube_probe KUBECONFIG [CONTEXT] [SILENCE_MS SIGN_MS]: src/kubernetes for a test in another
// language. Without KUBECONFIG ("in-cluster"): the service account in the folder that
// SERVICE_ACCOUNT names. Commands, one a line:
//   get ID PATH | post ID PATH BODY | stream ID PATH FILE | reflect ID PATH WATCH_S [SELECTOR]
//   cancel ID | stats
// Answers are JSON objects, one a line; bytes of a stream go to the file.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "base/text.h"
#include "kubernetes/api_client.h"
#include "kubernetes/reflector.h"

namespace tailrace::kube {
namespace {

class Line {
 public:
  explicit Line(std::string_view id) { Add("id", id); }
  Line& Add(std::string_view name, std::string_view text) {
    Name(name);
    AppendJsonString(text_, text);
    return *this;
  }
  Line& Add(std::string_view name, uint64_t number) {
    Name(name);
    AppendDecimal(text_, number);
    return *this;
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() {
    text_ += "}\n";
    std::fwrite(text_.data(), 1, text_.size(), stdout);
    std::fflush(stdout);
  }

 private:
  void Name(std::string_view name) {
    text_ += text_.empty() ? '{' : ',';
    AppendJsonString(text_, name);
    text_ += ':';
  }

  std::string text_;
};

std::string_view NameOf(ApiEnd::How how) {
  using enum ApiEnd::How;
  return how == kComplete   ? "complete"
         : how == kRefused  ? "refused"
         : how == kCut      ? "cut"
         : how == kTooLarge ? "too large"
                            : "unreachable";
}

void AddEnd(Line& line, const ApiEnd& end) {
  line.Add("end", NameOf(end.how))
      .Add("status", static_cast<uint64_t>(end.status))
      .Add("reason", end.reason)
      .Add("message", end.message)
      .Add("gone", end.gone() ? 1 : 0);
}

class Watched final : public ReflectorHandler {
 public:
  Watched(std::string id, ApiClient& client, ReflectorOptions options)
      : id_(std::move(id)), reflector_(client, std::move(options), *this, random_) {}

  void OnObject(const ObjectId& id, std::string_view json) override {
    Line line(id_);
    Tell(line.Add("told", "object"), id);
    line.Add("bytes", json.size()).Add("json", json.size() < 100'000 ? json : "");
  }
  void OnDeleted(const ObjectId& id, std::string_view json) override {
    Line line(id_);
    Tell(line.Add("told", "deleted"), id);
    line.Add("bytes", json.size());
  }
  void OnSynced() override { Line(id_).Add("told", "synced"); }
  void OnTrouble(const ApiEnd& end, uint64_t retry_ms) override {
    Line line(id_);
    AddEnd(line.Add("told", "trouble").Add("retry_ms", retry_ms), end);
  }
  void OnRecovered() override { Line(id_).Add("told", "recovered"); }

  void AddStats() const {
    const ReflectorStats& stats = reflector_.stats();
    Line(id_)
        .Add("objects", stats.objects)
        .Add("memory_bytes", stats.memory_bytes)
        .Add("lists", stats.lists)
        .Add("watches", stats.watches)
        .Add("expired", stats.expired)
        .Add("events", stats.events)
        .Add("synced", stats.synced ? 1 : 0);
  }

 private:
  static void Tell(Line& line, const ObjectId& id) {
    line.Add("uid", id.uid)
        .Add("version", id.resource_version)
        .Add("namespace", id.namespace_name)
        .Add("name", id.name);
  }

  const std::string id_;
  SystemRandom random_;
  Reflector reflector_;
};

class Probe {
 public:
  Probe(Loop& loop, std::unique_ptr<ApiClient> client) : loop_(loop), client_(std::move(client)) {}

  void Do(const std::string& text) {
    std::istringstream words(text);
    std::string verb;
    std::string id;
    std::string path;
    words >> verb >> id >> path;
    if (verb == "get") calls_[id] = client_->Get(path, Answer(id));
    if (verb == "post") calls_[id] = client_->Create(path, Rest(words), Answer(id));
    if (verb == "stream") Stream(id, path, Rest(words));
    if (verb == "reflect") {
      ReflectorOptions options{.path = path, .page_objects = 20};
      words >> options.watch_min_s;
      options.watch_max_s = options.watch_min_s;
      options.label_selector = Rest(words);
      watched_[id] = std::make_unique<Watched>(id, *client_, std::move(options));
    }
    if (verb == "cancel") {
      calls_.erase(id);
      watched_.erase(id);
    }
    if (verb == "stats") AddStats();
    if (verb == "quit") loop_.Stop();
  }

 private:
  static std::string Rest(std::istringstream& words) {
    std::string rest;
    std::getline(words >> std::ws, rest);
    return rest;
  }

  static ApiClient::Done Answer(const std::string& id) {
    return [id](const ApiEnd& end, const std::string& body) {
      Line line(id);
      AddEnd(line, end);
      line.Add("bytes", body.size()).Add("body", body.size() < 100'000 ? body : "");
    };
  }

  void Stream(const std::string& id, const std::string& path, const std::string& file) {
    auto out = std::make_shared<std::ofstream>(file, std::ios::binary);
    auto bytes = std::make_shared<uint64_t>(0);
    calls_[id] = client_->Stream(
        path, {.on_open = [id](int status) { Line(id).Add("open", static_cast<uint64_t>(status)); },
               .on_bytes =
                   [out, bytes](std::string_view text) {
                     *bytes += text.size();
                     out->write(text.data(), static_cast<std::streamsize>(text.size()));
                     out->flush();
                   },
               .on_end =
                   [id, out, bytes](const ApiEnd& end) {
                     Line line(id);
                     AddEnd(line, end);
                     line.Add("bytes", *bytes);
                   }});
  }

  void AddStats() const {
    for (const auto& [id, watched] : watched_) watched->AddStats();
    const ApiStats stats = client_->Stats();
    Line("client")
        .Add("reachable", stats.reachable ? 1 : 0)
        .Add("last_error", stats.last_error)
        .Add("requests", stats.requests)
        .Add("refused", stats.refused)
        .Add("unreachable", stats.unreachable)
        .Add("cut", stats.cut)
        .Add("open_streams", stats.open_streams)
        .Add("received_bytes", stats.received_bytes);
  }

  Loop& loop_;
  std::unique_ptr<ApiClient> client_;
  std::map<std::string, ApiCall> calls_;
  std::map<std::string, std::unique_ptr<Watched>> watched_;
};

Result<ClusterConfig> FindCluster(const std::string& kubeconfig, const std::string& context) {
  if (kubeconfig != kInCluster) return ReadKubeconfig({kubeconfig}, context);
  const char* const folder = std::getenv("SERVICE_ACCOUNT");
  return InClusterConfig(ProcessEnvironment(), folder == nullptr ? "" : folder);
}

int Main(const std::vector<std::string>& words) {
  auto cluster = FindCluster(words.at(0), words.size() > 1 ? words[1] : "");
  if (!cluster) {
    Line("start").Add("error", cluster.error().message);
    return 1;
  }
  ApiLimits limits;
  if (words.size() > 3) {
    limits.silence_ms = std::stoull(words[2]);
    limits.sign_ms = std::stoull(words[3]);
  }
  Loop loop;
  auto client = ApiClient::Make(loop, std::move(*cluster), limits);
  if (!client) {
    Line("start").Add("error", client.error().message);
    return 1;
  }
  Probe probe(loop, std::move(*client));
  Line("start").Add("server", "ready");
  std::thread input([&] {
    for (std::string text; std::getline(std::cin, text);) {
      loop.Post([&probe, text] { probe.Do(text); });
    }
    loop.Post([&probe] { probe.Do("quit"); });
  });
  loop.Run();
  input.join();
  return 0;
}

}  // namespace
}  // namespace tailrace::kube

int main(int count, char** words) {
  return tailrace::kube::Main({words + 1, words + count});
}
