#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/client/append_transport.h"
#include "app/client/commands.h"
#include "app/client/verb.h"
#include "base/random.h"
#include "source/file_follower.h"
#include "source/push_session.h"

namespace tailrace {
namespace {

// The spool is kept as long as it holds what the server has not.
int Conclude(const PushResult& result, Spool& spool, const Say& say) {
  if (result.delivered) {
    spool.RemoveAtEnd();
    return kExitOk;
  }
  if (spool.Undelivered() == 0 && !result.problem.empty()) {
    spool.RemoveAtEnd();
    Complain(result.problem);
    return kExitFailure;
  }
  ExplainUndelivered(spool, result.problem, say);
  return kExitNotDelivered;
}

int SendSpool(const PushArguments& arguments) {
  auto opened = Spool::Open(arguments.spool, {});
  if (!opened) {
    Complain(opened.error().message);
    return kExitFailure;
  }
  Spool& spool = **opened;
  auto config = ClientConfig::FromEnvironment();
  if (!config) {
    Complain(config.error().message);
    return kExitUsage;
  }
  if (std::getenv("TAILRACE_URL") == nullptr) config->url = spool.Meta().url;
  const auto say = MakeSay(arguments.quiet, false);
  say.note("sending " + std::to_string(spool.Undelivered()) + " lines to " +
           config->ViewUrl(spool.Meta().key));
  if (spool.DamagedTail())
    say.warn("the end of the spool is damaged; what stands there is left out");
  // A spool without an end was left by a process that was killed: nobody knows how its command
  // went on.
  if (!spool.HasEnd()) {
    const Outcome lost{OutcomeKind::kLost, std::nullopt, "the producer was killed"};
    spool.Finish(spool.Meta().ends_log ? std::optional(lost) : std::nullopt);
  }
  AppendTransport transport(*config, spool.Meta().key, spool.Meta().producer);
  SystemRandom random;
  PushSession session({.end = {}, .wait_ms = static_cast<int64_t>(arguments.wait_ms)}, spool,
                      transport, random, say);
  return Conclude(session.Run(nullptr), spool, say);
}

// Null: it can't be opened; that was said.
std::unique_ptr<PushInput> OpenInput(const PushArguments& arguments, const Say& say) {
  if (arguments.file == "-") return std::make_unique<DescriptorInput>(STDIN_FILENO);
  if (arguments.follow) return std::make_unique<FileFollower>(arguments.file, say);
  const int fd = ::open(arguments.file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    Complain(arguments.file + ": " + std::strerror(errno));
    return nullptr;
  }
  return std::make_unique<DescriptorInput>(fd);  // Open until the process ends.
}

}  // namespace

int RunPush(const PushArguments& arguments) {
  if (!arguments.spool.empty()) return SendSpool(arguments);
  const auto target = FindTarget(arguments.log);
  if (!target) return kExitUsage;
  std::optional<Outcome> end;
  if (!arguments.end.empty()) end = Outcome{*ParseOutcomeKind(arguments.end), std::nullopt, ""};
  const auto say = MakeSay(arguments.quiet, false);
  const auto input = OpenInput(arguments, say);
  if (input == nullptr) return kExitNoLog;
  const std::string producer =
      arguments.producer.empty() ? NewProducerName("push") : arguments.producer;
  const auto spool = MakeSpool({target->key, producer, arguments.title, target->config.url, false},
                               arguments.spool_limit_bytes, say);
  if (spool == nullptr) {
    Complain("no memory for a spool");
    return kExitFailure;
  }
  AppendTransport transport(target->config, target->key, producer);
  SystemRandom random;
  PushSession session({.end = end, .wait_ms = static_cast<int64_t>(arguments.wait_ms)}, *spool,
                      transport, random, say);
  return Conclude(session.Run(input.get()), *spool, say);
}

}  // namespace tailrace
