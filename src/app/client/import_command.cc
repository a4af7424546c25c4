// import: has the server read logs from where it follows them, by asking it for each.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/client/client_json.h"
#include "app/client/commands.h"
#include "app/client/verb.h"
#include "app/serve_command.h"
#include "source/mongodb/log_names.h"

namespace tailrace {
namespace {

using Steady = std::chrono::steady_clock;
constexpr uint64_t kRetryMs = 500;

Result<std::vector<LogKey>> FindLogs(const ImportArguments& arguments) {
  const auto loaded = LoadServeConfig(arguments.config_file, {});
  if (!loaded) return Fail(loaded.error());
  const MongoConfig& mongodb = loaded->config.mongodb;
  if (mongodb.uri.empty()) {
    return Fail(ErrorCode::kInvalid,
                "the server's settings name no MongoDB: mongodb.uri in tailrace.toml, or "
                "TAILRACE_MONGODB_URI; --config names another file");
  }
  auto client = MongoClient::Make({mongodb.uri, mongodb.database, mongodb.collection});
  if (!client) return Fail(client.error());
  return ReadLogNames(**client, arguments.type);
}

// Asks until the server has all of the log: a large one takes longer than one request may wait.
HttpReply Bring(HttpClient& client, const LogKey& key, uint64_t wait_ms) {
  const auto deadline = Steady::now() + std::chrono::milliseconds(wait_ms);
  for (;;) {
    HttpReply reply = client.Send({.path = LogPath(key)});
    const bool is_busy = reply.status == 503 || reply.status == 429;
    if (!is_busy || Steady::now() >= deadline) return reply;
    const uint64_t pause_ms = std::min(kRetryMs, reply.retry_after_ms.value_or(kRetryMs));
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  }
}

}  // namespace

int RunImport(const ImportArguments& arguments) {
  auto config = ClientConfig::FromEnvironment();
  if (!config) {
    Complain(config.error().message);
    return kExitUsage;
  }
  const auto keys = FindLogs(arguments);
  if (!keys) {
    Complain(keys.error().message);
    return keys.error().code == ErrorCode::kInvalid ? kExitUsage : kExitUnavailable;
  }
  HttpClient client(std::move(*config));
  size_t brought = 0;
  for (const LogKey& key : *keys) {
    const HttpReply reply = Bring(client, key, arguments.wait_ms);
    if (reply.status == 404) {
      Complain(key.Path() + ": the server does not find it; does it follow this collection?");
      continue;
    }
    if (!reply.Ok()) return ComplainAbout(reply, client);
    const auto log = ReadLog(reply.body);
    if (!log) {
      Complain(key.Path() + ": " + log.error().message);
      return kExitFailure;
    }
    ++brought;
    if (arguments.quiet) continue;
    std::printf("%s  %s, %s\n", key.Path().c_str(), CountLines(log->position).c_str(),
                log->state.c_str());
  }
  if (!arguments.quiet) std::printf("%zu of %zu logs are there\n", brought, keys->size());
  return brought == keys->size() ? kExitOk : kExitNotDelivered;
}

}  // namespace tailrace
