#include <unistd.h>

#include "app/client/append_transport.h"
#include "app/client/commands.h"
#include "app/client/verb.h"
#include "source/exec_session.h"

namespace tailrace {

int RunExec(const ExecArguments& arguments) {
  const auto target = FindTarget(arguments.log);
  if (!target) return kExitUsage;
  if (!arguments.quiet) {
    const std::string url = target->config.ViewUrl(target->key) + "\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, url.data(), url.size());
  }
  const auto say = MakeSay(arguments.quiet, arguments.pty);
  const std::string producer = NewProducerName("exec");
  const auto spool = MakeSpool({target->key, producer, arguments.title, target->config.url, true},
                               arguments.spool_limit_bytes, say);
  if (spool == nullptr) {
    Complain("no memory for a spool; not running the command");
    return kExitFailure;
  }
  AppendTransport transport(target->config, target->key, producer);
  SystemRandom random;
  ExecSession session({.command = arguments.command,
                       .pty = arguments.pty,
                       .wait_ms = static_cast<int64_t>(arguments.wait_ms)},
                      *spool, transport, random, say);
  const ExecResult result = session.Run();
  if (result.delivered) {
    spool->RemoveAtEnd();
  } else {
    ExplainUndelivered(*spool, result.problem, say);
  }
  return result.exit_code;
}

}  // namespace tailrace
