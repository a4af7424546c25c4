// Links for viewers who have no other right to a log.
#include <nlohmann/json.hpp>

#include "access/view_link.h"
#include "base/text.h"
#include "server/handlers/handlers.h"
#include "server/outer_authenticators.h"
#include "server/structured_log.h"

namespace tailrace {
namespace {

constexpr uint64_t kDefaultSeconds = 24 * 3600;

// {"expires_s": 7200}; an empty body: the default.
Result<uint64_t> ParseSeconds(const std::string& body) {
  if (body.empty()) return kDefaultSeconds;
  const auto json = nlohmann::json::parse(body, nullptr, false);
  const auto refuse = [] {
    return FailField(ErrorCode::kInvalid, "expires_s",
                     "expires_s: must be 1 to " + std::to_string(kMaxLinkSeconds) + " seconds");
  };
  if (!json.is_object()) return Fail(ErrorCode::kInvalid, "the body must be a JSON object");
  for (const auto& [name, value] : json.items()) {
    if (name != "expires_s") {
      return FailField(ErrorCode::kInvalid, name, "field \"" + name + "\" is not known here");
    }
    if (!value.is_number_unsigned()) return refuse();
    const auto seconds = value.get<uint64_t>();
    if (seconds < 1 || seconds > kMaxLinkSeconds) return refuse();
    return seconds;
  }
  return kDefaultSeconds;
}

Result<Answer> MakeLink(LinkKeys& keys, const LogKey& key, uint64_t seconds) {
  const Result<std::string> token = keys.Sign(key.Path(), seconds);
  if (!token) return Fail(token.error());
  const std::optional<ViewLink> link = keys.Check(*token);
  if (!link) return Fail(ErrorCode::kInternal, "the clock has jumped");
  std::string body = "{\"path\":";
  AppendJsonString(body, "/logs/" + key.Path() + "?link=" + *token);
  body += ",\"link\":\"" + *token + "\",\"expires\":\"" + FormatRfc3339(link->expires) + "\"}\n";
  Answer answer = JsonAnswer(201, std::move(body));
  answer.headers.Add("Cache-Control", "no-store");
  return answer;
}

// Who has done something about links.
struct Actor {
  IdentityPtr identity;
  std::string client;
};

Actor ActorOf(const Call& call) {
  return {call.identity, call.exchange.origin().address};
}

void AddTo(LogLine& line, const Actor& actor) {
  line.Add("user", actor.identity->user)
      .Add("proof", ProofName(actor.identity->proof))
      .Add("credential", actor.identity->credential)
      .Add("client", actor.client);
}

void AuditLink(const LogKey& key, uint64_t seconds, const Actor& actor) {
  LogLine line(LogLevel::kAudit, "link created");
  line.Add("log", key.Path()).Add("seconds", seconds);
  AddTo(line, actor);
}

void AuditRevoked(const Actor& actor) {
  LogLine line(LogLevel::kAudit, "links revoked");
  AddTo(line, actor);
}

bool RefusedWithoutAccess(const Call& call) {
  if (call.worker.shared().outer->link_keys() != nullptr) return false;
  call.reply.Send(ProblemAnswer(
      Error{ErrorCode::kConflict, "access control is off: everybody may read without a link"}));
  return true;
}

}  // namespace

void HandleMakeLink(Call& call) {
  if (RefusedWithoutAccess(call)) return;
  CollectBody(call, kSmallBodyBytes,
              [reply = call.reply, key = call.key, actor = ActorOf(call)](const std::string& body) {
                const Result<uint64_t> seconds = ParseSeconds(body);
                if (!seconds) {
                  reply.Send(ProblemAnswer(seconds.error()));
                  return;
                }
                LinkKeys& keys = *reply.worker().shared().outer->link_keys();
                reply.worker().Read(
                    [&keys, key, seconds = *seconds] { return MakeLink(keys, key, seconds); },
                    [reply, key, actor, seconds = *seconds](Result<Answer> answer) {
                      if (answer) AuditLink(key, seconds, actor);
                      reply.Send(answer ? std::move(*answer) : ProblemAnswer(answer.error()));
                    });
              });
}

void HandleRevokeLinks(Call& call) {
  if (RefusedWithoutAccess(call)) return;
  LinkKeys& keys = *call.worker.shared().outer->link_keys();
  call.worker.Read([&keys] { return keys.Revoke(); },
                   [reply = call.reply, actor = ActorOf(call)](const Result<void>& revoked) {
                     if (revoked) AuditRevoked(actor);
                     Answer done;
                     done.status = 204;
                     reply.Send(revoked ? std::move(done) : ProblemAnswer(revoked.error()));
                   });
}

// The page's own requests bring the link as a cookie, which goes to this log's resources only.
void AddLinkCookie(const Call& call, Headers& headers) {
  const auto token = call.query.Find(kLinkParameter);
  const Identity* const identity = call.identity.get();
  if (!token || identity == nullptr || identity->proof != Proof::kLink) return;
  const std::optional<ViewLink> link = call.worker.shared().outer->link_keys()->Check(*token);
  if (!link || link->log != call.key.Path()) return;
  const TimeNs left = link->expires - Clock::System().Now();
  std::string cookie = std::string(kLinkCookie) + "=" + std::string(*token) +
                       "; Path=" + call.worker.config().base_path + "/api/v1/logs/" + link->log +
                       "; Max-Age=" + std::to_string(left / 1'000'000'000) +
                       "; HttpOnly; SameSite=Lax";
  if (call.exchange.origin().secure) cookie += "; Secure";
  headers.Add("Set-Cookie", cookie);
  // The link stands in the address; nobody else shall get it from there.
  headers.Add("Cache-Control", "no-store");
}

}  // namespace tailrace
