#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "app/client/client_json.h"
#include "app/client/commands.h"
#include "app/client/sse_parser.h"
#include "app/client/tail_printer.h"
#include "app/client/verb.h"
#include "base/random.h"

namespace tailrace {
namespace {

constexpr uint64_t kPageEntries = 1000;
constexpr int64_t kSilenceS = 60;  // A stream gives a sign of life every 15 s.
constexpr uint64_t kDefaultRetryMs = 3'000;
constexpr uint64_t kLongestRetryMs = 30'000;

class Tail {
 public:
  Tail(const TailArguments& arguments, Target target)
      : arguments_(arguments),
        target_(std::move(target)),
        client_(target_.config),
        printer_({arguments.json, arguments.timestamps, ::isatty(STDOUT_FILENO) != 0,
                  arguments.sources}) {}

  int Run() {
    const HttpReply reply = client_.Send({.path = LogPath(target_.key)});
    if (reply.status == 404 && arguments_.follow) {
      Note("no log " + target_.key.Path() + " yet; waiting for it");
      return Follow();
    }
    if (!reply.Ok()) return ComplainAbout(reply, client_);
    const auto log = ReadLog(reply.body);
    if (!log) {
      Complain(log.error().message);
      return kExitFailure;
    }
    return arguments_.follow ? Follow() : PrintPages(*log);
  }

 private:
  // Between lines of output, so that neither breaks the other.
  void Note(const std::string& text) {
    printer_.EndLine();
    Write();
    Complain(text);
  }

  void Write() {
    const std::string out = printer_.Take();
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
  }

  void Print(const ClientEntry& entry) {
    if (entry.has_lost && !arguments_.json) Note(LostText(entry.lost));
    printer_.Add(entry);
  }

  int PrintPages(const ClientLog& log) {
    const Position end = log.position;
    const uint64_t wanted = std::min(arguments_.last.value_or(end), end);
    Position next = end - wanted;
    while (next < end) {
      const HttpReply reply =
          client_.Send({.path = LogPath(target_.key) + "/entries?from=" + std::to_string(next) +
                                "&limit=" + std::to_string(std::min(kPageEntries, end - next))});
      if (!reply.Ok()) return ComplainAbout(reply, client_);
      const auto page = ReadPage(reply.body);
      if (!page) {
        Complain(page.error().message);
        return kExitFailure;
      }
      for (const ClientEntry& entry : page->entries) {
        if (entry.n > next) NoteGap(next, entry.n, "no longer stored");
        if (entry.n >= end) break;
        Print(entry);
        next = entry.n + 1;
      }
      Write();
      if (page->entries.empty()) {
        if (next < page->first) NoteGap(next, page->first, "no longer stored");
        if (next >= page->first) break;
        next = page->first;
      }
    }
    printer_.EndLine();
    Write();
    return ExitOf(log.outcome);
  }

  void NoteGap(uint64_t from, uint64_t to, const std::string& cause) {
    Note("entries " + std::to_string(from) + " to " + std::to_string(to) +
         " cannot be had: " + cause);
  }

  std::string StreamPath() const {
    std::string path = LogPath(target_.key) + "/events?format=json";
    if (last_id_.empty()) {
      path += arguments_.last ? "&tail=" + std::to_string(*arguments_.last) : "&from=0";
    }
    return path;
  }

  int Follow() {
    SystemRandom random;
    uint64_t wait_ms = kDefaultRetryMs;
    for (int failures = 0; !exit_code_;) {
      heard_ = false;
      SseParser parser([this](const SseEvent& event) { OnEvent(event); });
      HttpRequest request{.path = StreamPath(), .headers = {"Accept: text/event-stream"}};
      if (!last_id_.empty()) request.headers.push_back("Last-Event-ID: " + last_id_);
      const HttpReply reply = client_.Stream(
          request,
          [&](std::string_view bytes) {
            parser.Feed(bytes);
            Write();
            return !exit_code_;
          },
          kSilenceS);
      if (exit_code_) break;
      if (reply.status == 204) return ExitAfterEnd();
      const bool passing = reply.status == 0 || reply.status == 200 || reply.status == 408 ||
                           reply.status == 429 || reply.status >= 500;
      if (!passing) return ComplainAbout(reply, client_);
      failures = heard_ ? 0 : failures + 1;
      if (parser.RetryMs()) wait_ms = std::min(*parser.RetryMs(), kLongestRetryMs);
      if (failures == 3) Note(StreamProblem(reply) + "; trying to come back");
      std::this_thread::sleep_for(std::chrono::milliseconds(random.Between(wait_ms / 2, wait_ms)));
    }
    printer_.EndLine();
    Write();
    return *exit_code_;
  }

  static std::string StreamProblem(const HttpReply& reply) {
    return reply.status == 200 ? "the server ends the stream" : ProblemText(reply);
  }

  // Behind the end there is nothing to stream, only the outcome to look up.
  int ExitAfterEnd() {
    const HttpReply reply = client_.Send({.path = LogPath(target_.key)});
    if (!reply.Ok()) return ComplainAbout(reply, client_);
    const auto log = ReadLog(reply.body);
    return log ? ExitOf(log->outcome) : kExitFailure;
  }

  void OnEvent(const SseEvent& event) {
    last_id_ = event.last_id;
    heard_ = true;
    if (event.type.empty() || event.type == "message") {
      const auto entry = ReadEntry(event.data);
      if (entry) return Print(*entry);
      return Note("an entry cannot be read: " + entry.error().message);
    }
    if (event.type == "ping") return;
    const auto said = ReadEvent(event.data);
    const ClientEvent what = said ? *said : ClientEvent{};
    if (event.type == "gap") {
      OnGap(what);
    } else if (event.type == "reset") {
      Note("this is another log of the same name (" + what.cause + "); it follows from its start");
    } else if (event.type == "end") {
      exit_code_ = ExitOf(what.outcome);
    } else if (event.type == "deleted") {
      Note("the log was deleted");
      exit_code_ = kExitNoLog;
    } else if (event.type == "expired") {
      Note("the permission to read this log has expired; set TAILRACE_TOKEN to a new token");
      exit_code_ = kExitNotPermitted;
    }
  }

  // A position range that is gone, or lines lost before they came to the server.
  void OnGap(const ClientEvent& gap) {
    if (gap.has_lost) {
      // In format=json the entry behind it says the same.
      if (arguments_.json) Note(LostText(gap.lost));
    } else {
      NoteGap(gap.from.value_or(0), gap.to.value_or(0), gap.cause);
    }
  }

  const TailArguments& arguments_;
  const Target target_;
  HttpClient client_;
  TailPrinter printer_;
  std::string last_id_;
  bool heard_ = false;            ///< Something came in this connection.
  std::optional<int> exit_code_;  ///< Set: it is over.
};

}  // namespace

int RunTail(const TailArguments& arguments) {
  auto target = FindTarget(arguments.log);
  if (!target) return kExitUsage;
  return Tail(arguments, std::move(*target)).Run();
}

}  // namespace tailrace
