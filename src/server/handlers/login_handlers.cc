// Logging in and out by cookie, and who one is.
#include "access/cookie.h"
#include "access/same_origin.h"
#include "base/text.h"
#include "ingest/small_body.h"
#include "server/access_service.h"
#include "server/assets.h"
#include "server/handlers/handlers.h"
#include "server/login_location.h"
#include "server/structured_log.h"

namespace tailrace {
namespace {

constexpr size_t kLoginBodyBytes = 16 << 10;
constexpr std::string_view kMembers[] = {"user", "password"};
constexpr std::string_view kToRoot = "../../";  // from /api/v1/login, below whatever base path

struct LoginBody {
  std::string user;
  std::string password;
  std::string next;
};

/// How to answer: a form wants to be sent somewhere, a script wants a status.
struct LoginClient {
  bool form = false;
  bool secure = false;
  std::string address;
};

// "logs/TYPE/ID" and what stands behind it, or nothing: so that no link leads elsewhere after a
// login.
std::string SafeNext(std::string_view next) {
  constexpr std::string_view kLogs = "logs/";
  const std::string_view path = next.substr(0, next.find_first_of("?#"));
  if (!path.starts_with(kLogs) || !ParseLogKey(path.substr(kLogs.size()))) return "";
  for (const char c : next) {
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\') return "";
  }
  return std::string(next);
}

Result<LoginBody> ParseLoginBody(std::string_view body, bool form) {
  LoginBody login;
  if (form) {
    const Result<Query> fields = ParseQuery(body);
    if (!fields) return Fail(fields.error());
    login.user = fields->Find("user").value_or("");
    login.password = fields->Find("password").value_or("");
    login.next = SafeNext(fields->Find("next").value_or(""));
    return login;
  }
  JsonReader reader(2);
  const auto members = ReadKnownMembers(reader, body, kMembers);
  if (!members) return Fail(members.error());
  for (const JsonMember& member : *members) {
    auto text = TakeString(member, kLoginBodyBytes);
    if (!text) return Fail(text.error());
    (member.key == "user" ? login.user : login.password) = std::move(*text);
  }
  return login;
}

Answer SeeOther(std::string_view location) {
  Answer answer;
  answer.status = 303;
  answer.headers.Add("Location", location);
  answer.headers.Add("Cache-Control", "no-store");
  return answer;
}

Answer FailedAnswer(const LoginClient& client, const LoginBody& login, uint32_t retry_after_s) {
  if (client.form) {
    std::string location = std::string(kToRoot) + "login?";
    location += retry_after_s > 0 ? "wait=" + std::to_string(retry_after_s) : "failed=1";
    if (!login.next.empty()) location += "&next=" + QueryValue(login.next);
    return SeeOther(location);
  }
  Problem problem = ProblemFrom(401, "user or password is wrong");
  if (retry_after_s > 0) {
    problem = ProblemFrom({ErrorCode::kOverloaded, "too many failed logins; try again later"});
    problem.retry_after_s = retry_after_s;
  }
  return ProblemAnswer(problem);
}

void AuditLogin(const LoginClient& client, const LoginBody& login, const LoginResult& result) {
  std::string_view outcome = "failed";
  if (result.retry_after_s > 0) outcome = "throttled";
  if (!result.cookie.empty()) outcome = "logged in";
  LogLine(LogLevel::kAudit, "login")
      .Add("user", std::string_view(login.user).substr(0, 64))
      .Add("client", client.address)
      .Add("result", outcome)
      .Add("session", result.session);
}

Answer LoginAnswer(const LoginClient& client, const LoginBody& login, const LoginResult& result,
                   uint64_t max_age_s) {
  AuditLogin(client, login, result);
  if (result.cookie.empty()) return FailedAnswer(client, login, result.retry_after_s);
  std::string json = "{\"user\":";
  AppendJsonString(json, login.user);
  Answer answer =
      client.form ? SeeOther(std::string(kToRoot) + login.next) : JsonAnswer(200, json + "}\n");
  if (!client.form) answer.headers.Add("Cache-Control", "no-store");
  answer.headers.Add("Set-Cookie", SessionCookie(client.secure, result.cookie, max_age_s));
  return answer;
}

void LogIn(const Reply& reply, const LoginClient& client, const std::string& body,
           const std::string& old_session) {
  Result<LoginBody> login = ParseLoginBody(body, client.form);
  if (!login) {
    reply.Send(ProblemAnswer(login.error()));
    return;
  }
  AccessService& access = *reply.worker().shared().access;
  if (!access.BeginHash()) {
    reply.Send(FailedAnswer(client, *login, 1));
    return;
  }
  reply.worker().Read(
      [&access, client, login = std::move(*login), old_session]() -> Result<Answer> {
        const auto result = access.book().LogIn(login.user, login.password, client.address);
        access.EndHash();
        if (!result) return Fail(result.error());
        // The session of before, if there was one, is of no use any more.
        if (!result->cookie.empty() && !old_session.empty()) {
          if (auto ended = access.book().LogOut(old_session, false); !ended) {
            return Fail(ended.error());
          }
        }
        return LoginAnswer(client, login, *result, access.book().session_max_s());
      },
      [reply](Result<Answer> answer) {
        reply.Send(answer ? std::move(*answer) : ProblemAnswer(answer.error()));
      });
}

bool IsForm(const Headers& headers) {
  const std::string_view type = headers.Find("Content-Type").value_or("");
  return EqualsIgnoreCase(TrimBlanks(type.substr(0, type.find(';'))),
                          "application/x-www-form-urlencoded");
}

bool WantsHtml(const Headers& headers) {
  return headers.Joined("Accept").find("text/html") != std::string::npos;
}

bool HasLogin(const Call& call) {
  const AccessConfig& access = call.worker.config().access;
  if (access.enabled && access.login) return true;
  call.reply.Send(ProblemAnswer(Error{ErrorCode::kNotFound, "there is no login here"}));
  return false;
}

// Local users have our own page all the same: at /login?local, where a wrong password leads too.
bool IsForElsewhere(const Call& call) {
  const AccessConfig& access = call.worker.config().access;
  if (!access.enabled || access.login_url.empty()) return false;
  const auto asks = [&call](const char* name) { return call.query.Find(name).has_value(); };
  return !access.login || !(asks("local") || asks("failed") || asks("wait"));
}

void Replace(std::string& text, std::string_view what, std::string_view by) {
  const size_t at = text.find(what);
  if (at != std::string::npos) text.replace(at, what.size(), by);
}

std::string LoginMessage(const Query& query) {
  if (const auto wait = DecimalParameter(query, "wait"); wait && *wait) {
    return "Too many failed logins. Try again in " + std::to_string(**wait) + " s.";
  }
  return query.Find("failed") ? "User or password is wrong." : "";
}

}  // namespace

Answer ToLoginElsewhere(const Call& call, std::string_view next) {
  const ServerConfig& config = call.worker.config();
  const ClientOrigin& origin = call.exchange.origin();
  return SeeOther(
      LoginLocation(config.access.login_url, {config.base_path, next, origin.host, origin.secure}));
}

void HandleLoginPage(Call& call) {
  if (IsForElsewhere(call)) {
    const std::string next = SafeNext(call.query.Find("next").value_or(""));
    return call.reply.Send(ToLoginElsewhere(call, next));
  }
  if (!HasLogin(call)) return;
  const Asset* const asset = FindAsset("/login.html");
  if (asset == nullptr) {  // built without web/
    call.reply.Send(ProblemAnswer(Error{ErrorCode::kNotFound, "there is no login page here"}));
    return;
  }
  std::string page(asset->bytes);
  const std::string message = LoginMessage(call.query);
  Replace(page, "<!--message-->", message.empty() ? "" : "<p role=\"alert\">" + message + "</p>");
  // SafeNext leaves nothing that ends an attribute.
  std::string next = SafeNext(call.query.Find("next").value_or(""));
  for (size_t at = 0; (at = next.find('&', at)) != std::string::npos; at += 5) {
    next.replace(at, 1, "&amp;");
  }
  Replace(page, "<!--next-->", "<input type=\"hidden\" name=\"next\" value=\"" + next + "\" />");
  Answer answer = MakeAnswer(200, "text/html; charset=utf-8", std::move(page));
  AddPageHeaders(call, answer.headers);
  answer.headers.Add("Cache-Control", "no-store");
  call.reply.Send(std::move(answer));
}

void HandleLogin(Call& call) {
  if (!HasLogin(call)) return;
  const ClientOrigin& origin = call.exchange.origin();
  if (!IsSameOrigin(call.head, origin.secure, origin.host)) {
    call.reply.Send(ProblemAnswer(ProblemFrom(403, "a login comes from this server's own page")));
    return;
  }
  const LoginClient client{IsForm(call.head.headers), origin.secure, origin.address};
  const bool has_session = call.identity->proof == Proof::kSession;
  CollectBody(call, kLoginBodyBytes,
              [reply = call.reply, client,
               old_session = has_session ? call.identity->credential : std::string()](
                  const std::string& body) { LogIn(reply, client, body, old_session); });
}

void HandleLogout(Call& call) {
  if (!HasLogin(call)) return;
  const auto everywhere = FlagParameter(call.query, "everywhere");
  if (!everywhere) {
    call.reply.Send(ProblemAnswer(everywhere.error()));
    return;
  }
  const bool all = everywhere->value_or(false);
  const bool has_session = call.identity->proof == Proof::kSession;
  Answer answer;
  answer.status = 204;
  if (WantsHtml(call.head.headers)) answer = SeeOther(std::string(kToRoot) + "login");
  answer.headers.Add("Set-Cookie", SessionCookie(call.exchange.origin().secure, "", 0));
  if (!has_session) {
    call.reply.Send(std::move(answer));
    return;
  }
  LogLine(LogLevel::kAudit, "logout")
      .Add("user", call.identity->user)
      .Add("client", call.exchange.origin().address)
      .Add("session", call.identity->credential)
      .Add("everywhere", all ? "yes" : "no");
  call.worker.Read(
      [&book = call.worker.shared().access->book(), id = call.identity->credential, all] {
        return book.LogOut(id, all);
      },
      [reply = call.reply, answer = std::move(answer)](const Result<void>& done) mutable {
        reply.Send(done ? std::move(answer) : ProblemAnswer(done.error()));
      });
}

void HandleSession(Call& call) {
  const Identity& identity = *call.identity;
  const AccessConfig& access = call.worker.config().access;
  const bool has_login = access.login || !access.login_url.empty();
  std::string json = "{\"user\":";
  if (identity.user.empty()) {
    json.append("null");
  } else {
    AppendJsonString(json, identity.user);
  }
  json.append(",\"groups\":[");
  for (const std::string& group : identity.groups) {
    if (json.back() != '[') json.push_back(',');
    AppendJsonString(json, group);
  }
  json.append("],\"proof\":\"").append(ProofName(identity.proof));
  json.append("\",\"access\":").append(access.enabled ? "true" : "false");
  json.append(",\"login\":").append(access.enabled && has_login ? "true" : "false");
  Answer answer = JsonAnswer(200, json + "}\n");
  answer.headers.Add("Cache-Control", "no-store");
  call.reply.Send(std::move(answer));
}

}  // namespace tailrace
