// GET /api/v1/doctor: a stream of a known shape, for `tailrace doctor` to see what becomes of it on
// its way.
#include <algorithm>
#include <atomic>

#include "base/text.h"
#include "http/response.h"
#include "http/sse.h"
#include "server/handlers/handlers.h"
#include "server/handlers/stream_headers.h"

namespace tailrace {
namespace {

// Whoever may see the list may have it, as it costs less than a viewer, and not for long.
constexpr uint64_t kMaxProbes = 16;  // of the process at the same time
constexpr uint64_t kMaxBeats = 8;
constexpr uint64_t kBeatMs = 150;
constexpr uint64_t kMaxSilenceMs = 120'000;
constexpr size_t kMaxEcho = 256;  // bytes of a field

std::atomic<uint64_t> probes_under_way = 0;  // of all workers

class Slot {
 public:
  Slot() : ours_(probes_under_way.fetch_add(1) < kMaxProbes) {}
  ~Slot() { probes_under_way.fetch_sub(1); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  bool Ours() const { return ours_; }

 private:
  const bool ours_;
};

struct Probe {
  uint64_t beats = kMaxBeats;
  uint64_t silence_ms = 0;
};

uint64_t LongestSilenceMs(const Call& call) {
  const uint64_t heartbeat_ms = call.worker.config().streams.heartbeat_ms;
  return heartbeat_ms + heartbeat_ms / 10;
}

class HelloWriter {
 public:
  void Add(std::string_view name, std::string_view value) {
    Begin(name);
    AppendJsonString(json_, value.substr(0, kMaxEcho));
  }
  void Add(std::string_view name, bool value) { Begin(name).append(value ? "true" : "false"); }
  void Add(std::string_view name, uint64_t value) { AppendDecimal(Begin(name), value); }
  std::string Take() { return std::move(json_.append("}")); }

 private:
  std::string& Begin(std::string_view name) {
    json_.append(json_.empty() ? "{" : ",");
    AppendJsonString(json_, name);
    return json_.append(":");
  }
  std::string json_;
};

std::string_view ProtocolOf(const RequestHead& head) {
  if (head.gateway) return "uwsgi";
  return head.version_minor == 0 ? "http/1.0" : "http";
}

// What of the client's request has come, and what we make of it. Credentials are not repeated, and
// the proxy's address is told to those only who could change our configuration.
std::string Hello(const Call& call) {
  const RequestHead& head = call.head;
  const Headers& fields = head.headers;
  const ClientOrigin& origin = call.exchange.origin();
  const OriginRules& rules = call.worker.shared().origin_rules;
  const bool x_forwarded = rules.headers == ForwardedHeaders::kXForwarded;
  const auto address = ParseIpAddress(origin.address);
  const bool forwarded =
      fields.Has("X-Forwarded-For") || fields.Has("Forwarded") || head.gateway.has_value();
  const bool tell_address = origin.from_trusted_proxy || call.rights.ToAll(Verb::kAdmin);
  HelloWriter hello;
  hello.Add("protocol", ProtocolOf(head));
  hello.Add("client", tell_address ? origin.address : std::string_view());
  hello.Add("client_is_proxy", address && rules.trusted.Trusts(*address));
  hello.Add("host", origin.host);
  hello.Add("secure", origin.secure);
  hello.Add("from_trusted_proxy", origin.from_trusted_proxy);
  hello.Add("forwarded", forwarded);
  hello.Add("forwarded_headers", std::string_view(x_forwarded ? "x-forwarded" : "forwarded"));
  hello.Add("base_path", call.worker.config().base_path);
  hello.Add("access", call.worker.config().access.enabled);
  hello.Add("longest_silence_ms", LongestSilenceMs(call));
  hello.Add("accept_encoding", fields.Find("Accept-Encoding").value_or(""));
  hello.Add("last_event_id", fields.Find("Last-Event-ID").value_or(""));
  hello.Add("has_cookie", fields.Has("Cookie"));
  hello.Add("has_authorization", fields.Has("Authorization"));
  return hello.Take();
}

class DoctorStream final : public Stream {
 public:
  DoctorStream(Exchange& exchange, StreamPass pass, StreamOpening opening, Probe probe,
               std::string_view hello, std::unique_ptr<Slot> slot)
      : exchange_(exchange),
        pass_(std::move(pass)),
        slot_(std::move(slot)),
        output_(std::move(opening.head)),
        started_ms_(exchange.worker().loop().NowMs()),
        probe_(probe),
        chunked_(opening.chunked) {
    Queue("hello", hello);
    ScheduleNext();
  }

  void OnWritable() override { Send(); }
  void OnReadEnd() override { exchange_.Close(); }
  void Drain(uint64_t /*retry_ms*/) override { exchange_.Close(); }
  void Recheck() override {
    if (!pass_.MayList()) exchange_.Close();
  }

  void OnDeadline() override {
    if (over_ || !output_.empty()) return exchange_.Close();  // nobody reads
    if (beats_ < probe_.beats) {
      ++beats_;
      const uint64_t at_ms = exchange_.worker().loop().NowMs() - started_ms_;
      Queue("beat", "{\"at_ms\":" + std::to_string(at_ms) + "}");
    } else {
      Queue("done", "{}");
      over_ = true;
      if (chunked_) output_.append(kLastChunk);
    }
    ScheduleNext();
    Send();
  }

 private:
  void ScheduleNext() {
    exchange_.SetDeadline(
        beats_ < probe_.beats || over_ ? kBeatMs : std::max<uint64_t>(1, probe_.silence_ms));
  }

  void Queue(std::string_view name, std::string_view data) {
    std::string event;
    AppendSseEvent(event, name);
    AppendSseDataLine(event, data);
    AppendSseEnd(event);
    if (chunked_) {
      AppendHttpChunk(output_, event);
    } else {
      output_.append(event);
    }
  }

  void Send() {
    if (!output_.empty()) {
      const iovec part{output_.data(), output_.size()};
      const int64_t sent = exchange_.Write(std::span(&part, 1));
      if (sent < 0) return exchange_.Close();
      output_.erase(0, static_cast<size_t>(sent));
    }
    if (over_ && output_.empty()) exchange_.CloseGently();  // the end of this object
  }

  Exchange& exchange_;
  StreamPass pass_;
  const std::unique_ptr<Slot> slot_;
  std::string output_;
  const uint64_t started_ms_;
  const Probe probe_;
  uint64_t beats_ = 0;
  const bool chunked_;
  bool over_ = false;
};

Result<Probe> ParseProbe(const Call& call) {
  Probe probe;
  const auto read = [&call](std::string_view name, uint64_t most, uint64_t& value) -> Result<void> {
    const auto given = DecimalParameter(call.query, name);
    if (!given) return Fail(given.error());
    value = given->value_or(value);
    if (value <= most) return {};
    return FailField(ErrorCode::kInvalid, std::string(name),
                     std::string(name) + ": must be at most " + std::to_string(most));
  };
  if (auto beats = read("beats", kMaxBeats, probe.beats); !beats) return Fail(beats.error());
  if (auto silence = read("silence_ms", kMaxSilenceMs, probe.silence_ms); !silence) {
    return Fail(silence.error());
  }
  return probe;
}

}  // namespace

void HandleDoctor(Call& call) {
  const Result<Probe> probe = ParseProbe(call);
  if (!probe) return call.reply.Send(ProblemAnswer(probe.error()));
  Answer answer;
  AddStreamHeaders(answer.headers);
  if (call.head.method == Method::kHead) return call.reply.Send(std::move(answer));
  auto slot = std::make_unique<Slot>();
  if (call.worker.draining() || !slot->Ours()) {
    return call.reply.Send(ProblemAnswer(
        Error{ErrorCode::kOverloaded,
              "only " + std::to_string(kMaxProbes) + " of these are answered at the same time"}));
  }
  const std::string hello = Hello(call);
  StreamPass pass = call.worker.gate().Watch(call.identity);
  StreamOpening opening = call.exchange.OpenStream(answer.headers);
  call.exchange.StartStream(std::make_unique<DoctorStream>(
      call.exchange, std::move(pass), std::move(opening), *probe, hello, std::move(slot)));
}

}  // namespace tailrace
