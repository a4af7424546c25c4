// Logs as a whole: create, look at, end, delete, list.
#include "ingest/create_body.h"
#include "ingest/outcome_body.h"
#include "server/handlers/handlers.h"
#include "server/list_parameters.h"
#include "server/reviewed_list.h"
#include "server/structured_log.h"

namespace tailrace {
namespace {

std::string InfoJson(const LogInfo& info) {
  std::string json;
  AppendLogInfoJson(json, info);
  json.push_back('\n');
  return json;
}

// Changes whenever the object of the log does.
std::string InfoEtag(const LogInfo& info) {
  return "W/\"" + info.incarnation + "." + std::to_string(info.position) + "." +
         std::to_string(info.first) + "." + std::to_string(info.updated) + "\"";
}

Answer InfoAnswer(int status, const LogInfo& info) {
  Answer answer = JsonAnswer(status, InfoJson(info));
  answer.headers.Add("ETag", InfoEtag(info));
  answer.headers.Add("Cache-Control", "no-cache");
  return answer;
}

void CreateLog(const Reply& reply, const LogKey& key, const std::string& body) {
  Result<CreateBody> parsed = ParseCreateBody(body);
  if (!parsed) {
    reply.Send(ProblemAnswer(parsed.error()));
    return;
  }
  const Redactor* const redactor = reply.worker().shared().redactor;
  if (redactor != nullptr && parsed->title) redactor->Mask(*parsed->title);
  using Created = Result<CreateRequest::Answer>;
  reply.worker().store().Create(
      {key, std::move(parsed->title), std::move(parsed->labels),
       OnWorker<Created>(reply, [](const Reply& to, const Created& created) {
         to.Send(created ? InfoAnswer(created->created ? 201 : 200, created->info)
                         : ProblemAnswer(created.error()));
       })});
}

void EndLog(const Reply& reply, const LogKey& key, const std::string& body) {
  Result<Outcome> outcome = ParseOutcomeBody(body);
  if (!outcome) {
    reply.Send(ProblemAnswer(outcome.error()));
    return;
  }
  const Redactor* const redactor = reply.worker().shared().redactor;
  if (redactor != nullptr) redactor->Mask(outcome->reason);
  using Ended = Result<LogInfo>;
  reply.worker().store().End(
      {key, std::move(*outcome), OnWorker<Ended>(reply, [](const Reply& to, const Ended& ended) {
         to.Send(ended ? InfoAnswer(200, *ended) : ProblemAnswer(ended.error()));
       })});
}

void AuditDelete(const Identity& identity, const std::string& client, const LogInfo& log) {
  LogLine(LogLevel::kAudit, "log deleted")
      .Add("log", log.key.Path())
      .Add("incarnation", log.incarnation)
      .Add("user", identity.user)
      .Add("proof", ProofName(identity.proof))
      .Add("credential", identity.credential)
      .Add("client", client);
}

}  // namespace

void HandleCreateLog(Call& call) {
  CollectBody(call, kSmallBodyBytes, [reply = call.reply, key = call.key](const std::string& body) {
    CreateLog(reply, key, body);
  });
}

void HandleEndLog(Call& call) {
  CollectBody(call, kSmallBodyBytes, [reply = call.reply, key = call.key](const std::string& body) {
    EndLog(reply, key, body);
  });
}

void HandleGetLog(Call& call) {
  AnswerAboutLog(call, call.key,
                 [&store = call.worker.store(), key = call.key,
                  headers = call.head.headers]() -> Result<Answer> {
                   const Result<LogInfo> info = store.Stat(key);
                   if (!info) return Fail(info.error());
                   Answer answer = InfoAnswer(200, *info);
                   if (NoneMatchFits(headers, InfoEtag(*info))) answer.status = 304;  // has no body
                   return answer;
                 });
}

void HandleDeleteLog(Call& call) {
  using Removed = Result<LogInfo>;
  call.worker.store().Remove(
      {call.key, OnWorker<Removed>(call.reply, [identity = call.identity,
                                                client = call.exchange.origin().address](
                                                   const Reply& to, const Removed& removed) {
         if (removed && to.worker().config().access.enabled) {
           AuditDelete(*identity, client, *removed);
         }
         Answer answer;
         answer.status = 204;
         to.Send(removed ? std::move(answer) : ProblemAnswer(removed.error()));
       })});
}

void HandleListLogs(Call& call) {
  Result<ListParameters> list = ParseListParameters(call.query);
  if (!list) {
    call.reply.Send(ProblemAnswer(list.error()));
    return;
  }
  if (call.worker.shared().reviews != nullptr) {
    AnswerReviewedList(call, std::move(*list));
    return;
  }
  if (!call.rights.ToAll(Verb::kRead)) {
    list->query.visible = [rights = call.rights](const LogInfo& info) {
      return rights.To(Verb::kRead, info.key.type, info.key.id, info.labels);
    };
  }
  AnswerFromPool(call, [&store = call.worker.store(), list = std::move(*list)]() -> Result<Answer> {
    const Result<ListAnswer> answer = ListLogs(store, list);
    if (!answer) return Fail(answer.error());
    return ListAnswerJson(*answer);
  });
}

}  // namespace tailrace
