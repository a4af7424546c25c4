// GET /api/v1/sse/logs/initial: all entries so far and the position behind them, so that many
// viewers begin with the same.
#include "base/text.h"
#include "server/entry_source.h"
#include "server/handlers/handlers.h"

namespace tailrace {
namespace {

// {"log": "…", "num": n, "done": …}. Position and end are those of the moment when it was asked
// for.
class SnapshotSource final : public EntrySource {
 public:
  SnapshotSource(LogStore& store, const LogInfo& info)
      : EntrySource(store, info, info.first, info.position) {}

 private:
  void Begin(std::string& out) override { out.append("{\"log\": \""); }

  void Add(std::string& out, Position /*n*/, const Entry& entry) override {
    if (std::exchange(separate_, true)) out.append("\\n");
    AppendText(out, entry.text);
  }

  Result<void> AddGap(std::string& out, const ReadItem& gap,
                      std::optional<uint64_t> /*bytes*/) override {
    if (std::exchange(separate_, true)) out.append("\\n");
    AppendText(out, LostText(gap.begin, gap.end, gap.cause));
    return {};
  }

  void End(std::string& out) override {
    out.append("\", \"num\": ").append(std::to_string(info().position));
    out.append(info().HasEnded() ? ", \"done\": true}\n" : ", \"done\": false}\n");
  }

  // Inside the string that Begin opened.
  static void AppendText(std::string& out, std::string_view text) {
    std::string quoted;
    AppendJsonString(quoted, text);
    out.append(quoted, 1, quoted.size() - 2);
  }

  bool separate_ = false;
};

Answer EmptySnapshot(bool done) {
  return JsonAnswer(
      200, std::string("{\"log\": \"\", \"num\": 0, \"done\": ") + (done ? "true}\n" : "false}\n"));
}

Result<Answer> SnapshotAnswer(LogStore& store, const Result<LogInfo>& info) {
  if (!info && info.error().code != ErrorCode::kNotFound) return Fail(info.error());
  Answer answer = info ? JsonAnswer(200, "") : EmptySnapshot(false);
  if (info) {
    answer.about = std::make_shared<const LogInfo>(*info);
    answer.source = std::make_unique<SnapshotSource>(store, *info);
  }
  answer.headers.Add("Cache-Control", "no-cache");
  return answer;
}

}  // namespace

void HandlePortalInitial(Call& call) {
  const std::string_view type = call.query.Find("type").value_or("");
  const std::string_view id = call.query.Find("id").value_or("");
  if (type.empty() || id.empty()) {  // what its stream answers with [DONE]
    call.reply.Send(EmptySnapshot(true));
    return;
  }
  const Result<LogKey> key = MakeLogKey(type, id);
  if (!key) {
    call.reply.Send(ProblemAnswer(key.error()));
    return;
  }
  if (call.is_missing) {
    call.reply.Send(EmptySnapshot(false));
    return;
  }
  AnswerAboutLog(call, *key, [&store = call.worker.store(), key = *key] {
    return SnapshotAnswer(store, store.Stat(key));
  });
}

}  // namespace tailrace
