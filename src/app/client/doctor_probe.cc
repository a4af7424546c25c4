#include "app/client/doctor_probe.h"

#include <algorithm>
#include <chrono>

#include "app/client/client_json.h"
#include "app/client/sse_parser.h"

namespace tailrace {
namespace {

constexpr std::string_view kPath = "/api/v1/doctor";
constexpr std::string_view kPortalPath = "/api/v1/sse/doctor";
constexpr std::string_view kLastEventId = "doctor.1";
constexpr uint64_t kMaxSilenceMs = 120'000;  // the server's
constexpr uint64_t kMarginMs = 500;
constexpr int64_t kPatienceS = 20;  // besides the silence that was asked for

class Stopwatch {
 public:
  uint64_t Ms() const {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now() - started_)
                                     .count());
  }

 private:
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

struct Heard {
  HttpReply reply;
  std::optional<DoctorHello> hello;
  std::vector<DoctorBeat> beats;
  bool done = false;
  uint64_t last_silence_ms = 0;
};

Heard Ask(HttpClient& client, const HttpRequest& request, int64_t patience_s) {
  Heard heard;
  const Stopwatch watch;
  uint64_t last_ms = 0;
  SseParser parser([&](const SseEvent& event) {
    if (event.type == "hello") {
      if (auto hello = ReadDoctorHello(event.data)) heard.hello = std::move(*hello);
    } else if (event.type == "beat") {
      heard.beats.push_back({ReadDoctorBeat(event.data).value_or(0), watch.Ms()});
    } else if (event.type == "done") {
      heard.done = true;
    }
  });
  const auto take = [&](std::string_view bytes) {
    last_ms = watch.Ms();
    parser.Feed(bytes);
    return true;
  };
  heard.reply = client.Stream(request, take, patience_s);
  heard.last_silence_ms = watch.Ms() - last_ms;
  return heard;
}

// Where to ask, and as whom.
struct Probe {
  HttpClient& client;
  const std::string& cookie;  // empty: none
  std::string_view path = kPath;
};

// As a browser's EventSource asks.
HttpRequest Question(const Probe& probe, const std::string& query) {
  HttpRequest request{.path = std::string(probe.path) + "?" + query};
  request.headers = {"Accept: text/event-stream", "Last-Event-ID: " + std::string(kLastEventId)};
  if (!probe.cookie.empty()) request.headers.push_back("Cookie: " + probe.cookie);
  request.accept_gzip = true;
  return request;
}

void AskForHello(const Probe& probe, DoctorSight& sight) {
  Heard heard = Ask(probe.client, Question(probe, "beats=0"), kPatienceS);
  sight.accept_encoding = "gzip";
  sight.last_event_id = kLastEventId;
  sight.status = heard.reply.head_status;
  sight.http2 = heard.reply.http2;
  sight.headers = heard.reply.headers;
  sight.hello = std::move(heard.hello);
  sight.problem = ProblemText(heard.reply);
}

// A proxy may pass on only what is the portal's, and the portal answers all else.
void FindPath(Probe& probe, DoctorSight& sight) {
  AskForHello(probe, sight);
  const bool no_server = sight.status == 0 || (sight.status >= 502 && sight.status <= 504);
  if (IsTailrace(sight) || no_server) return;
  DoctorSight other = sight;
  probe.path = kPortalPath;
  AskForHello(probe, other);
  if (IsTailrace(other)) sight = std::move(other);
}

void AskWithClaims(const Probe& probe, DoctorSight& sight) {
  const std::string address(kDoctorClaimedAddress);
  const std::string host(kDoctorClaimedHost);
  HttpRequest request = Question(probe, "beats=0");
  if (probe.cookie.empty()) request.headers.emplace_back("Cookie: tailrace_doctor=1");
  for (const std::string& field : {"X-Forwarded-For: " + address, "X-Forwarded-Host: " + host,
                                   "Forwarded: for=" + address + ";host=" + host}) {
    request.headers.push_back(field);
  }
  sight.claimed_authorization = sight.with_token;
  if (!sight.with_token && !sight.hello->access) {  // it would be looked at there
    request.headers.push_back("Authorization: Bearer doctor");
    sight.claimed_authorization = true;
  }
  sight.claimed = Ask(probe.client, request, kPatienceS).hello;
}

void AskForStream(const Probe& probe, DoctorSight& sight) {
  const Heard heard =
      Ask(probe.client, Question(probe, "silence_ms=" + std::to_string(sight.silence_ms)),
          kPatienceS + static_cast<int64_t>(sight.silence_ms / 1000));
  sight.stream_status = heard.reply.head_status;
  sight.stream_headers = heard.reply.headers;
  sight.beats = heard.beats;
  sight.done = heard.done;
  sight.last_silence_ms = heard.last_silence_ms;
  if (heard.reply.head_status != 200) sight.problem = ProblemText(heard.reply);
  if (!sight.stream_headers.Has("Content-Encoding") && !AreHeldBack(sight.beats)) return;
  // Whoever compresses may hold lines back by that alone.
  HttpRequest plain = Question(probe, "silence_ms=0");
  plain.accept_gzip = false;
  sight.plain_beats = Ask(probe.client, plain, kPatienceS).beats;
}

}  // namespace

void LookAt(HttpClient& client, std::optional<uint64_t> silence_ms, const std::string& cookie,
            DoctorSight& sight) {
  sight.with_token = !client.Config().token.empty();
  Probe probe{.client = client, .cookie = cookie};
  FindPath(probe, sight);
  if (!sight.hello) return;
  const uint64_t longest_ms = sight.hello->longest_silence_ms + kMarginMs;
  sight.silence_ms = std::min(silence_ms.value_or(longest_ms), kMaxSilenceMs);
  AskWithClaims(probe, sight);
  AskForStream(probe, sight);
}

}  // namespace tailrace
