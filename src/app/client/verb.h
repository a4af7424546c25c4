// What all verbs share: complaints, the server's answers as exit codes, and the place for spools.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/client/http_client.h"
#include "source/say.h"
#include "source/spool.h"

namespace tailrace {

/// "tailrace: TEXT" and a line end to stderr, in one write.
void Complain(const std::string& text);

/// Both complain; notes not if `quiet`. `raw_terminal`: stderr may be a terminal in raw mode, where
/// a line end needs a carriage return.
Say MakeSay(bool quiet, bool raw_terminal);

/// Complains about a reply that is not Ok() and says what to do next; returns the exit code.
int ComplainAbout(const HttpReply& reply, const HttpClient& client);

/// Log and server of a verb; complains and returns nothing if one of them is wrong (kExitUsage).
struct Target {
  LogKey key;
  ClientConfig config;
};
std::optional<Target> FindTarget(const std::string& log);

/// A spool in the first directory that takes it: $TAILRACE_SPOOL_DIR, $XDG_STATE_HOME/tailrace,
/// ~/.local/state/tailrace, the temporary directory. None does: a small one in memory, which `say`
/// is told.
std::unique_ptr<Spool> MakeSpool(const SpoolMeta& meta, uint64_t limit_bytes, const Say& say);

/// "exec-HOST-RANDOM".
std::string NewProducerName(const std::string& verb);

/// The exit code that a log's outcome stands for.
int ExitOf(const std::optional<Outcome>& outcome);
/// "3 lines were lost before this point"; nobody knows how many: "some lines …".
std::string LostText(const std::optional<uint64_t>& lost);

/// "1 line", "2 lines".
std::string CountLines(uint64_t count);

/// Says what becomes of a spool that was not delivered in time.
void ExplainUndelivered(Spool& spool, const std::string& problem, const Say& say);

}  // namespace tailrace
