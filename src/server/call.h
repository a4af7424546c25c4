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
  const RouteMatch& match;
  Query query;
  Reply reply;
  LogKey key = {};                 ///< Of routes with {type} and {id}.
  IdentityPtr identity = nullptr;  ///< Who asks; set before the handler runs.
  Rights rights = {};              ///< And what else he may do.
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

/// Answers with what `work` makes on the reader pool, a Result<Answer>, compressed there as the
/// client likes it.
template <typename Work>
void AnswerFromPool(const Call& call, Work work) {
  call.worker.Read(
      [work = std::move(work), coding = PreferredCoding(call)]() mutable -> Result<Answer> {
        Result<Answer> answer = work();
        if (answer) *answer = EncodeAnswer(std::move(*answer), coding);
        return answer;
      },
      [reply = call.reply](Result<Answer> answer) {
        reply.Send(answer ? std::move(*answer) : ProblemAnswer(answer.error()));
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
