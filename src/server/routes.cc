#include "server/routes.h"

#include "server/handlers/handlers.h"

namespace tailrace {

Routes::Routes() {
  const std::string log = "/api/v1/logs/{type}/{id}";
  // Writing
  Add({Method::kPut}, log, HandleCreateLog, true);
  Add({Method::kPost}, log + "/entries", HandleAppend, true);
  Add({Method::kPost}, log + "/end", HandleEndLog, true);
  Add({Method::kDelete}, log, HandleDeleteLog, true);
  // Reading; search will stand here
  Add({Method::kGet}, log, HandleGetLog, true);
  Add({Method::kGet}, log + "/entries", HandleEntries, true);
  Add({Method::kGet}, log + "/raw", HandleRaw, true);
  Add({Method::kGet}, log + "/events", HandleLogStream, true);
  Add({Method::kGet}, "/api/v1/logs", HandleListLogs);
  Add({Method::kGet}, "/api/v1/logs/events", HandleListStream);
  // The portal's
  Add({Method::kGet}, "/api/v1/sse/logs/", HandlePortalStream);
  Add({Method::kGet}, "/api/v1/sse/logs", HandlePortalStream);
  Add({Method::kGet}, "/api/v1/sse/logs/initial", HandlePortalInitial);
  Add({Method::kGet}, "/api/v1/sse/logs/initial/", HandlePortalInitial);
  // Operation
  Add({Method::kGet}, "/healthz", HandleHealth);
  Add({Method::kGet}, "/readyz", HandleReady);
  Add({Method::kGet}, "/metrics", HandleMetrics);
  // The page
  Add({Method::kGet}, "/", HandleIndexPage);
  Add({Method::kGet}, "/logs/{type}/{id}", HandleIndexPage, true);
}

void Routes::Add(MethodSet methods, std::string_view pattern, Handler handler, bool names_log) {
  router_.Add(methods, pattern, static_cast<int>(targets_.size()));
  targets_.push_back({handler, names_log});
}

void Routes::Dispatch(Worker& worker, Exchange& exchange) const {
  const RequestHead& head = exchange.head();
  const RouteMatch match = router_.Match(head.method, head.path);
  const Reply reply = exchange.MakeReply();
  if (match.kind == RouteMatch::Kind::kOptions) {
    Answer answer;
    answer.status = 204;
    answer.headers.Add("Allow", match.allow);
    reply.Send(std::move(answer));
    return;
  }
  if (match.kind == RouteMatch::Kind::kMethodNotAllowed) {
    Answer answer = ProblemAnswer(ProblemFrom(405, "this resource allows " + match.allow));
    answer.headers.Add("Allow", match.allow);
    reply.Send(std::move(answer));
    return;
  }
  Result<Query> query = ParseQuery(head.query);
  if (!query) {
    reply.Send(ProblemAnswer(query.error()));
    return;
  }
  Call call{worker, exchange, head, match, std::move(*query), reply, {}};
  if (match.kind == RouteMatch::Kind::kNotFound) {
    HandleAsset(call);
    return;
  }
  const Target& target = targets_[static_cast<size_t>(match.route)];
  if (target.names_log) {
    Result<LogKey> key = MakeLogKey(match.Param("type"), match.Param("id"));
    if (!key) {
      reply.Send(ProblemAnswer(key.error()));
      return;
    }
    call.key = std::move(*key);
  }
  target.handler(call);
}

}  // namespace tailrace
