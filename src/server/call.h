// Call: one request as its handler sees it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "access/grants.h"
#include "access/identity.h"
#include "http/request.h"
#include "http/router.h"
#include "log/log_key.h"
#include "server/answer.h"
#include "server/answer_coding.h"
#include "server/exchange.h"
#include "server/worker.h"

namespace tailrace {

/// Alive while the handler runs; `reply` may be kept.
struct Call {
  Worker& worker;
  Exchange& exchange;
  const RequestHead& head;
  std::string_view path;  ///< Of `head`, without the base path.
  const RouteMatch& match;
  Query query;
  Reply reply;
  LogKey key = {};                 ///< Of routes with {type} and {id}.
  IdentityPtr identity = nullptr;  ///< Who asks; set before the handler runs.
  Rights rights = {};              ///< And what else he may do.
  bool is_missing = false;         ///< The gate has looked for the log, and there is none.
};

/// Answers now, or keeps the reply and answers later on this worker's loop.
using Handler = void (*)(Call& call);

/// A decimal parameter. Absent: `absent`. kInvalid names it.
Result<std::optional<uint64_t>> DecimalParameter(const Query& query, std::string_view name);
/// "0"/"1" (also "false"/"true"). kInvalid names it.
Result<std::optional<bool>> FlagParameter(const Query& query, std::string_view name);

/// Gathers a small body (kTooLarge beyond `limit`) and calls `done` with it.
void CollectBody(Call& call, size_t limit, std::function<void(std::string)> done);
inline constexpr size_t kSmallBodyBytes = 256 << 10;

/// What the request's answer is compressed in, if that pays. kIdentity: it has to be plain.
ContentCoding PreferredCoding(const Call& call);

/// Has what is long of `answer` cut when `identity` may not read its log any more (Answer::about).
void GuardAnswer(Answer& answer, Gate& gate, const IdentityPtr& identity);

/// Answers with what `work` makes on the reader pool, a Result<Answer>, compressed there in
/// `coding`. `identity` gets it, if that matters while it goes on.
template <typename Work>
void AnswerFromPool(const Reply& reply, ContentCoding coding, Work work,
                    const IdentityPtr& identity = nullptr) {
  reply.worker().Read(
      [work = std::move(work), coding]() mutable -> Result<Answer> {
        Result<Answer> answer = work();
        if (answer) *answer = EncodeAnswer(std::move(*answer), coding);
        return answer;
      },
      [reply, identity](Result<Answer> answer) {
        if (answer && identity != nullptr) GuardAnswer(*answer, reply.worker().gate(), identity);
        reply.Send(answer ? std::move(*answer) : ProblemAnswer(answer.error()));
      });
}
template <typename Work>
void AnswerFromPool(const Call& call, Work work) {
  AnswerFromPool(call.reply, PreferredCoding(call), std::move(work), call.identity);
}

/// Calls `then(result)` on the worker when all that there is of the log is in the store, at once if
/// logs come from nowhere else. An error: there may be more of it.
template <typename Then>
void WhenBroughtIn(const Reply& reply, const LogKey& key, Then then) {
  LogOrigin* const origin = reply.worker().shared().origin;
  if (origin == nullptr) {
    then(Result<void>());
    return;
  }
  origin->Ask(key, [reply, then = std::move(then)](Result<void> asked) mutable {
    reply.worker().loop().Post(
        [then = std::move(then), asked = std::move(asked)]() mutable { then(asked); });
  });
}

/// As AnswerFromPool, for an answer about one log, which is brought in first where logs come from
/// elsewhere. One that can't be brought in and is not there at all is the error that says so.
template <typename Work>
void AnswerAboutLog(const Call& call, const LogKey& key, Work work) {
  WhenBroughtIn(call.reply, key,
                [reply = call.reply, identity = call.identity, coding = PreferredCoding(call), key,
                 work = std::move(work)](const Result<void>& asked) {
                  AnswerFromPool(
                      reply, coding,
                      [&store = reply.worker().store(), key, work, asked] {
                        const bool is_missing = !asked && !store.Stat(key);
                        return is_missing ? Result<Answer>(Fail(asked.error())) : work();
                      },
                      identity);
                });
}

/// From the commit thread back to the request's worker.
template <typename Value, typename Then>
auto OnWorker(Reply reply, Then then) {
  return [reply, then = std::move(then)](Value value) mutable {
    reply.worker().loop().Post(
        [reply, then, value = std::move(value)]() mutable { then(reply, std::move(value)); });
  };
}

}  // namespace tailrace
