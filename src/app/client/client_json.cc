#include "app/client/client_json.h"

#include <nlohmann/json.hpp>

#include "app/client/diagnosis.h"
#include "app/client/http_client.h"

namespace tailrace {
namespace {

using Json = nlohmann::ordered_json;  // Members stay in the server's order.

std::string Text(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<uint64_t> Number(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

bool Flag(const Json& object, const char* member) {
  return object.value(member, Json()) == Json(true);
}

std::optional<Outcome> ReadOutcome(const Json& object) {
  const auto kind = ParseOutcomeKind(Text(object, "outcome"));
  if (!kind) return std::nullopt;
  Outcome outcome{*kind, std::nullopt, Text(object, "reason")};
  const auto code = object.find("exit_code");
  if (code != object.end() && code->is_number_integer()) outcome.exit_code = code->get<int64_t>();
  return outcome;
}

std::string OneLine(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ClientEntry EntryOf(const Json& object) {
  ClientEntry entry;
  entry.n = Number(object, "n").value_or(0);
  entry.time = Text(object, "time");
  entry.stream = Text(object, "stream");
  entry.source = Text(object, "source");
  entry.text = Text(object, "text");
  entry.partial = object.value("partial", Json()) == Json(true);
  entry.has_lost = object.contains("lost");
  entry.lost = Number(object, "lost");
  entry.json = OneLine(object);
  return entry;
}

ClientLog LogOf(const Json& object) {
  ClientLog log{Text(object, "type"),        Text(object, "id"),    Text(object, "title"),
                Text(object, "incarnation"), Text(object, "state"), Text(object, "created"),
                ReadOutcome(object)};
  log.first = Number(object, "first").value_or(0);
  log.position = Number(object, "position").value_or(0);
  log.json = OneLine(object);
  return log;
}

// Runs `read` on the parsed object; whatever the library throws becomes kInvalid.
auto WithObject(std::string_view text, auto read) -> Result<decltype(read(Json()))> {
  try {
    const Json object = Json::parse(text);
    if (object.is_object()) return read(object);
  } catch (const Json::exception&) {
    // Said below: to the reader it is the same.
  }
  return Fail(ErrorCode::kInvalid,
              "the server's answer is not what was expected; is TAILRACE_URL a Tailrace server?");
}

}  // namespace

Result<ClientEntry> ReadEntry(std::string_view json) {
  return WithObject(json, EntryOf);
}

Result<ClientLog> ReadLog(std::string_view json) {
  return WithObject(json, LogOf);
}

Result<ClientPage> ReadPage(std::string_view json) {
  return WithObject(json, [](const Json& object) {
    ClientPage page{
        Number(object, "first").value_or(0), Number(object, "position").value_or(0), {}};
    for (const Json& entry : object.at("entries")) page.entries.push_back(EntryOf(entry));
    return page;
  });
}

Result<ClientList> ReadList(std::string_view json) {
  return WithObject(json, [](const Json& object) {
    ClientList list;
    for (const Json& log : object.at("logs")) list.logs.push_back(LogOf(log));
    list.next = Text(object, "next");
    return list;
  });
}

Result<ClientEvent> ReadEvent(std::string_view json) {
  return WithObject(json, [](const Json& object) {
    ClientEvent event;
    event.from = Number(object, "from");
    event.to = Number(object, "to");
    event.lost = Number(object, "lost");
    event.has_lost = object.contains("lost");
    event.cause = Text(object, "cause");
    event.outcome = ReadOutcome(object);
    return event;
  });
}

Result<DoctorHello> ReadDoctorHello(std::string_view json) {
  return WithObject(json, [](const Json& object) {
    DoctorHello hello;
    hello.protocol = Text(object, "protocol");
    hello.client = Text(object, "client");
    hello.host = Text(object, "host");
    hello.base_path = Text(object, "base_path");
    hello.forwarded_headers = Text(object, "forwarded_headers");
    hello.accept_encoding = Text(object, "accept_encoding");
    hello.last_event_id = Text(object, "last_event_id");
    hello.longest_silence_ms = Number(object, "longest_silence_ms").value_or(0);
    hello.secure = Flag(object, "secure");
    hello.from_trusted_proxy = Flag(object, "from_trusted_proxy");
    hello.client_is_proxy = Flag(object, "client_is_proxy");
    hello.forwarded = Flag(object, "forwarded");
    hello.access = Flag(object, "access");
    hello.has_cookie = Flag(object, "has_cookie");
    hello.has_authorization = Flag(object, "has_authorization");
    hello.json = OneLine(object);
    return hello;
  });
}

Result<uint64_t> ReadDoctorBeat(std::string_view json) {
  return WithObject(json, [](const Json& object) { return Number(object, "at_ms").value_or(0); });
}

std::string ProblemText(const HttpReply& reply) {
  if (reply.status == 0) return reply.problem;
  const auto said = WithObject(reply.body, [](const Json& object) {
    const std::string detail = Text(object, "detail");
    return detail.empty() ? Text(object, "title") : detail;
  });
  const std::string status = "HTTP status " + std::to_string(reply.status);
  return said && !said->empty() ? *said + " (" + status + ")" : status;
}

std::optional<uint64_t> ProblemNumber(const HttpReply& reply, const char* member) {
  const auto number =
      WithObject(reply.body, [member](const Json& object) { return Number(object, member); });
  return number ? *number : std::nullopt;
}

Result<std::string> ReadLinkPath(std::string_view json) {
  return WithObject(json, [](const Json& object) { return object.at("path").get<std::string>(); });
}

}  // namespace tailrace
