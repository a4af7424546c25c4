#include "app/client/verb.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "app/client/commands.h"
#include "base/random.h"

namespace tailrace {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMemorySpoolBytes = 16 << 20;

void WriteLine(const std::string& text, const char* end) {
  const std::string line = "tailrace: " + text + end;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::vector<fs::path> SpoolDirectories() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  std::vector<fs::path> directories;
  if (const auto own = variable("TAILRACE_SPOOL_DIR"); !own.empty()) directories.emplace_back(own);
  if (const auto state = variable("XDG_STATE_HOME"); !state.empty()) {
    directories.push_back(fs::path(state) / "tailrace");
  }
  if (const auto home = variable("HOME"); !home.empty()) {
    directories.push_back(fs::path(home) / ".local/state/tailrace");
  }
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  // Its own name for each user: others may write there too.
  if (!error) directories.push_back(temporary / ("tailrace-" + std::to_string(::getuid())));
  return directories;
}

// Made for us alone; one that somebody else has made is not used.
bool MakePrivateDirectory(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory.parent_path(), error);
  if (::mkdir(directory.c_str(), 0700) == 0) return true;
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         (status.st_uid == ::getuid() || ::getuid() == 0);
}

}  // namespace

void Complain(const std::string& text) {
  WriteLine(text, "\n");
}

Say MakeSay(bool quiet, bool raw_terminal) {
  const char* const end = raw_terminal && ::isatty(STDERR_FILENO) != 0 ? "\r\n" : "\n";
  const auto write = [end](const std::string& text) { WriteLine(text, end); };
  return {.note = quiet ? Say::Sink([](const std::string&) {}) : write, .warn = write};
}

int ComplainAbout(const HttpReply& reply, const HttpClient& client) {
  const std::string problem = ProblemText(reply);
  switch (reply.status) {
    case 0:
      if (reply.untrusted) {
        Complain(problem + ". TAILRACE_CA_FILE may name a file with the certificate to trust");
        return kExitUnavailable;
      }
      Complain(problem + ". Is the server running? TAILRACE_URL says where it is (now " +
               client.Config().url + ")");
      return kExitUnavailable;
    case 401:
    case 403:
      Complain(problem + ". Set TAILRACE_TOKEN to a token that may do this");
      return kExitNotPermitted;
    case 404:
      Complain(problem + ". `tailrace list` shows the logs that there are");
      return kExitNoLog;
    case 429:
    case 503:
      Complain(problem + ". Try again in a moment");
      return kExitUnavailable;
    default:
      Complain(problem);
      return kExitFailure;
  }
}

std::optional<Target> FindTarget(const std::string& log) {
  auto key = ParseLogKey(log);
  if (!key) {
    Complain("'" + log + "' names no log (TYPE/ID, as in deploy/42): " + key.error().message);
    return std::nullopt;
  }
  auto config = ClientConfig::FromEnvironment();
  if (!config) {
    Complain(config.error().message);
    return std::nullopt;
  }
  return Target{std::move(*key), std::move(*config)};
}

std::unique_ptr<Spool> MakeSpool(const SpoolMeta& meta, uint64_t limit_bytes, const Say& say) {
  const SpoolOptions options{.limit_bytes = limit_bytes};
  const std::string name =
      meta.key.type + "~" + meta.key.id + "~" + SystemRandom().Name(8) + ".spool";
  std::string problem = "no directory for it";
  for (const fs::path& directory : SpoolDirectories()) {
    if (!MakePrivateDirectory(directory)) continue;
    auto spool = Spool::Create((directory / name).string(), meta, options);
    if (spool) return std::move(*spool);
    problem = spool.error().message;
  }
  say.note("no spool on disk (" + problem + "); keeping at most 16 MiB in memory instead");
  auto spool =
      Spool::CreateInMemory(meta, {.limit_bytes = std::min(limit_bytes, kMemorySpoolBytes)});
  return spool ? std::move(*spool) : nullptr;
}

std::string NewProducerName(const std::string& verb) {
  std::array<char, 65> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string name = verb + "-";
  for (const char c : std::string_view(host.data())) {
    name.push_back(c > ' ' && c < '\x7f' ? c : '_');
  }
  return name + "-" + SystemRandom().Name(16);
}

std::string CountLines(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " line" : " lines");
}

void ExplainUndelivered(Spool& spool, const std::string& problem, const Say& say) {
  const uint64_t lines = spool.Undelivered();
  const std::string what =
      lines == 0 ? "the log's end is" : CountLines(lines) + (lines == 1 ? " is" : " are");
  const std::string why = problem.empty() ? "" : ": " + problem;
  if (spool.Path().empty()) {
    say.warn(what + " not delivered and lost" + why);
    return;
  }
  spool.Sync();
  say.warn(what + " not delivered" + why + ". Kept in " + spool.Path() +
           "; send them with: tailrace push --spool " + spool.Path());
}

int ExitOf(const std::optional<Outcome>& outcome) {
  if (!outcome || outcome->kind == OutcomeKind::kSucceeded) return kExitOk;
  const int64_t code = outcome->exit_code.value_or(0);
  if (code >= 1 && code <= 255) return static_cast<int>(code);
  switch (outcome->kind) {
    case OutcomeKind::kCancelled:
      return kExitLogCancelled;
    case OutcomeKind::kLost:
      return kExitLogLost;
    default:
      return kExitFailure;
  }
}

std::string LostText(const std::optional<uint64_t>& lost) {
  return (lost ? std::to_string(*lost) : "some") + " lines were lost before this point";
}

}  // namespace tailrace
