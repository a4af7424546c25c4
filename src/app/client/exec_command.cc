#include <unistd.h>

#include "app/client/append_transport.h"
#include "app/client/commands.h"
#include "app/client/verb.h"
#include "source/exec_session.h"

namespace tailrace {
namespace {

// "failed (exit code 3)"
std::string Verdict(const Outcome& outcome) {
  const std::string kind(OutcomeName(outcome.kind));
  return outcome.reason.empty() ? kind : kind + " (" + outcome.reason + ")";
}

// Nothing may be asked of the spool, and nothing destroyed: it would wait for the disk.
[[noreturn]] void LeaveStuck(const ExecResult& result, const Spool& spool, const Say& say) {
  const bool in_memory = spool.Path().empty();
  say.warn("the disk of the spool does not answer; the end of the log is not delivered" +
           (in_memory ? std::string()
                      : ". If the disk comes back, try: tailrace push --spool " + spool.Path()));
  ::_exit(result.exit_code);
}

}  // namespace

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
                       .wait_ms = static_cast<int64_t>(arguments.wait_ms),
                       .queue_bytes = arguments.spool_buffer_bytes},
                      *spool, transport, random, say);
  const ExecResult result = session.Run();
  if (result.stuck) LeaveStuck(result, *spool, say);
  if (result.delivered) {
    say.note(target->key.Path() + " " + Verdict(result.outcome) + ", " + CountLines(result.lines) +
             ": " + target->config.ViewUrl(target->key));
    spool->RemoveAtEnd();
  } else {
    ExplainUndelivered(*spool, result.problem, say);
  }
  return result.exit_code;
}

}  // namespace tailrace
