#include "server/routes.h"

#include "server/base_path.h"
#include "server/handlers/handlers.h"

namespace tailrace {

Routes::Routes() {
  const Need open{Verb::kRead, Object::kOpen};
  const Need self{Verb::kRead, Object::kSelf};
  const Need page{Verb::kRead, Object::kPage};
  const Need portal{Verb::kRead, Object::kLogOfQuery};
  const Need portal_stream{Verb::kRead, Object::kLogOfQuery, true};
  AddLogRoutes();
  Add(Method::kGet, "/api/v1/logs", HandleListLogs, {Verb::kRead, Object::kLogs});
  Add(Method::kGet, "/api/v1/logs/events", HandleListStream, {Verb::kRead, Object::kLogs, true});
  Add(Method::kDelete, "/api/v1/links", HandleRevokeLinks, {Verb::kAdmin, Object::kAllLogs});
  // The portal's
  Add(Method::kGet, "/api/v1/sse/logs/", HandlePortalStream, portal_stream);
  Add(Method::kGet, "/api/v1/sse/logs", HandlePortalStream, portal_stream);
  Add(Method::kGet, "/api/v1/sse/logs/initial", HandlePortalInitial, portal);
  Add(Method::kGet, "/api/v1/sse/logs/initial/", HandlePortalInitial, portal);
  // Operation
  // The second is for a proxy that passes on only what is the portal's.
  Add(Method::kGet, "/api/v1/doctor", HandleDoctor, {Verb::kRead, Object::kLogs});
  Add(Method::kGet, "/api/v1/sse/doctor", HandleDoctor, {Verb::kRead, Object::kLogs});
  Add(Method::kGet, "/healthz", HandleHealth, open);
  Add(Method::kGet, "/readyz", HandleReady, open);
  Add(Method::kGet, "/metrics", HandleMetrics, {Verb::kRead, Object::kAllLogs});
  // Logging in
  Add(Method::kGet, "/login", HandleLoginPage, open);
  Add(Method::kPost, "/api/v1/login", HandleLogin, self);
  Add(Method::kPost, "/api/v1/logout", HandleLogout, self);
  Add(Method::kGet, "/api/v1/session", HandleSession, self);
  // The page
  Add(Method::kGet, "/", HandleIndexPage, page);
  Add(Method::kGet, "/logs/{type}/{id}", HandleIndexPage, page);
}

void Routes::AddLogRoutes() {
  const std::string log = "/api/v1/logs/{type}/{id}";
  const Need read{Verb::kRead, Object::kLog};
  const Need write{Verb::kWrite, Object::kLog};
  const Need admin{Verb::kAdmin, Object::kLog};
  // Writing
  Add(Method::kPut, log, HandleCreateLog, write);
  Add(Method::kPost, log + "/entries", HandleAppend, write);
  Add(Method::kPost, log + "/end", HandleEndLog, write);
  Add(Method::kDelete, log, HandleDeleteLog, admin);
  Add(Method::kPost, log + "/links", HandleMakeLink, admin);
  // Reading
  Add(Method::kGet, log, HandleGetLog, read);
  Add(Method::kGet, log + "/entries", HandleEntries, read);
  Add(Method::kGet, log + "/raw", HandleRaw, read);
  Add(Method::kGet, log + "/search", HandleSearch, read);
  Add(Method::kGet, log + "/events", HandleLogStream, {Verb::kRead, Object::kLog, true});
}

void Routes::Add(Method method, std::string_view pattern, Handler handler, Need need) {
  router_.Add({method}, pattern, static_cast<int>(targets_.size()));
  targets_.push_back({std::string(MethodName(method)), std::string(pattern), handler, need});
}

std::string Routes::Describe() const {
  std::string out;
  for (const Target& target : targets_) {
    out += target.method + " " + target.pattern + " " + std::string(VerbName(target.need.verb)) +
           " " + std::string(ObjectName(target.need.object)) + "\n";
  }
  return out;
}

void Routes::Dispatch(Worker& worker, Exchange& exchange) const {
  Go(worker, exchange, {});
}

void Routes::Resume(const Reply& reply, Passage passage) const {
  if (Exchange* exchange = reply.Find()) Go(reply.worker(), *exchange, std::move(passage));
}

// Needs no gate: it depends on the table alone.
Answer Routes::MethodAnswer(const RouteMatch& match) {
  Answer answer;
  if (match.kind == RouteMatch::Kind::kOptions) {
    answer.status = 204;
  } else {
    answer = ProblemAnswer(ProblemFrom(405, "this resource allows " + match.allow));
  }
  answer.headers.Add("Allow", match.allow);
  return answer;
}

void Routes::Go(Worker& worker, Exchange& exchange, Passage passage) const {
  const RequestHead& head = exchange.head();
  const Reply reply = exchange.MakeReply();
  const std::string& base = worker.config().base_path;
  if (!base.empty() && head.path == base) {
    Answer answer;
    answer.status = 308;
    answer.headers.Add("Location", base + "/");
    reply.Send(std::move(answer));
    return;
  }
  const std::string_view path = WithoutBase(head.path, base);
  const RouteMatch match = router_.Match(head.method, path);
  if (!match.allow.empty()) {
    reply.Send(MethodAnswer(match));
    return;
  }
  Result<Query> query = ParseQuery(head.query);
  if (!query) {
    reply.Send(ProblemAnswer(query.error()));
    return;
  }
  Call call{worker, exchange, head, path, match, std::move(*query), reply};
  if (match.kind == RouteMatch::Kind::kNotFound) {
    HandleAsset(call);
    return;
  }
  const Target& target = targets_[static_cast<size_t>(match.route)];
  if (!match.Param("type").empty()) {
    Result<LogKey> key = MakeLogKey(match.Param("type"), match.Param("id"));
    if (!key) {
      reply.Send(ProblemAnswer(key.error()));
      return;
    }
    call.key = std::move(*key);
  }
  const bool late = passage.late;
  if (!worker.gate().Admit(call, target.need, std::move(passage))) return;
  target.handler(call);
  if (!late) return;
  if (Exchange* waiting = reply.Find()) waiting->OnLateDispatch();
}

}  // namespace tailrace
