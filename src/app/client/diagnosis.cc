#include "app/client/diagnosis.h"

#include <algorithm>
#include <cctype>

#include "app/client/diagnosis_advice.h"

namespace tailrace {
namespace {

constexpr uint64_t kUsualTimeoutS = 75;
constexpr std::string_view kChallenge = "realm=\"tailrace\"";

std::string Seconds(uint64_t ms) {
  return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

std::string Field(const Headers& headers, std::string_view name) {
  return std::string(headers.Find(name).value_or(""));
}

bool IsStream(const Headers& headers) {
  constexpr std::string_view kType = "text/event-stream";
  return EqualsIgnoreCase(Field(headers, "Content-Type").substr(0, kType.size()), kType);
}

bool IsHttps(const DoctorSight& sight) {
  return sight.url.starts_with("https://");
}

// The server itself sends neither of the two fields, and asks nobody by HTTP/1.0.
bool BehindProxy(const DoctorSight& sight) {
  return !sight.proxy.empty() || sight.headers.Has("Server") || sight.headers.Has("Via") ||
         (sight.hello && (sight.hello->forwarded || sight.hello->protocol != "http"));
}

uint64_t TimeoutSeconds(const DoctorSight& sight) {
  const uint64_t silent_s = sight.hello ? sight.hello->longest_silence_ms / 1000 : 0;
  return std::max(kUsualTimeoutS, silent_s + silent_s / 4);
}

// Collects what is found of one address.
class Findings {
 public:
  explicit Findings(const DoctorSight& sight) : sight_(sight) {}

  DoctorFinding& Fault(std::string_view id, std::string what) {
    return Add(id, true, std::move(what));
  }
  DoctorFinding& Note(std::string_view id, std::string what) {
    return Add(id, false, std::move(what));
  }
  std::vector<DoctorFinding> Take() { return std::move(found_); }

 private:
  DoctorFinding& Add(std::string_view id, bool fault, std::string what) {
    AdviceQuery query{id, ProxyOf(sight_)};
    query.uwsgi = sight_.hello && sight_.hello->protocol == "uwsgi";
    query.forwarded = sight_.hello && sight_.hello->forwarded_headers == "forwarded";
    query.timeout_s = TimeoutSeconds(sight_);
    return found_.emplace_back(
        DoctorFinding{std::string(id), fault, std::move(what), AdviceFor(query)});
  }

  const DoctorSight& sight_;
  std::vector<DoctorFinding> found_;
};

// ------------------------------------------------------------------------------------------------
// No hello

void AddRefusal(Findings& findings, const DoctorSight& sight) {
  const std::string challenge = Field(sight.headers, "WWW-Authenticate");
  if (!IsTailrace(sight)) {
    findings.Fault("asks-itself", "a proxy answers " + std::to_string(sight.status) + " by itself" +
                                      (challenge.empty() ? "" : " (" + challenge + ")") +
                                      ": no request comes to the server");
  } else if (sight.with_token && challenge.find("error=") == std::string::npos) {
    findings.Fault("drops-authorization",
                   "the token was sent, but the field Authorization does not reach the server");
  } else {
    findings.Fault(kDoctorNotPermitted, sight.problem);
  }
}

void AddNoHello(Findings& findings, const DoctorSight& sight) {
  const std::string status = std::to_string(sight.status);
  if (sight.status == 0) {
    findings.Fault(kDoctorUnreachable, sight.problem);
  } else if (sight.status == 401 || sight.status == 403) {
    AddRefusal(findings, sight);
  } else if (sight.status == 429) {
    findings.Fault(kDoctorBusy, sight.problem);
  } else if (sight.status >= 502 && sight.status <= 504) {
    findings.Fault("away", "a proxy answers " + status +
                               ": the server behind it is away or slow, and a browser that asks "
                               "now gives up for good");
  } else if (sight.status == 200 && IsStream(sight.headers)) {
    findings
        .Fault("away",
               "the answer is a stream, but not the server's: it is away, and browsers are "
               "told to come back")
        .advice = {"start the server"};
  } else {
    findings.Fault("no-probe", "the answer is " + status + " and not that of a Tailrace").advice = {
        "give the address below which its API is, as in https://logs.example.org/logs",
        "behind a sub-path: tailrace serve --base-path /logs, and a proxy that passes "
        "/logs/ on",
        "the server must not be older than this program"};
  }
}

// ------------------------------------------------------------------------------------------------
// The stream

std::string HeldBackText(const std::vector<DoctorBeat>& beats) {
  return "lines are held back: " + std::to_string(beats.size()) + " that were sent within " +
         Seconds(beats.back().sent_ms - beats.front().sent_ms) + " came within " +
         Seconds(beats.back().came_ms - beats.front().came_ms) + ", the first one " +
         Seconds(beats.front().came_ms) + " after the question";
}

void AddBuffering(Findings& findings, const DoctorSight& sight) {
  const std::string coding = Field(sight.stream_headers, "Content-Encoding");
  const bool held = AreHeldBack(sight.beats);
  if (!coding.empty() && !EqualsIgnoreCase(coding, "identity")) {
    findings.Fault("compresses", "somebody on the way compresses what the server sends as it is (" +
                                     coding + "), once for each viewer" +
                                     (held ? "; so " + HeldBackText(sight.beats) : ""));
    if (AreHeldBack(sight.plain_beats)) findings.Fault("buffers", HeldBackText(sight.plain_beats));
  } else if (held && AreHeldBack(sight.plain_beats)) {
    findings.Fault("buffers", HeldBackText(sight.beats));
  }
}

void AddCut(Findings& findings, const DoctorSight& sight) {
  if (sight.done) return;
  const std::string cut =
      "the stream was cut after " + Seconds(sight.last_silence_ms) + " without a line";
  const uint64_t longest_ms = sight.hello->longest_silence_ms;
  if (sight.beats.empty() || sight.last_silence_ms <= longest_ms) {
    findings.Fault("cuts", cut + "; the server gives a sign of life every " + Seconds(longest_ms));
  } else {
    findings.Note("cuts-late", cut + "; no harm, the server is never silent for more than " +
                                   Seconds(longest_ms));
  }
}

// ------------------------------------------------------------------------------------------------
// Fields

void AddRequestFields(Findings& findings, const DoctorSight& sight) {
  const DoctorHello& hello = *sight.hello;
  if (hello.last_event_id != sight.last_event_id) {
    findings.Fault("drops-last-event-id",
                   "the field Last-Event-ID does not reach the server: after a cut a browser gets "
                   "everything again");
  }
  if (hello.accept_encoding.empty() && !sight.accept_encoding.empty()) {
    findings.Note("drops-accept-encoding",
                  "the field Accept-Encoding does not reach the server: it sends streams "
                  "uncompressed");
  }
  if (!sight.claimed) return;
  if (!sight.claimed->has_cookie) {
    findings.Fault("drops-cookie",
                   "the field Cookie does not reach the server: nobody is logged in there");
  }
  if (sight.claimed_authorization && !sight.claimed->has_authorization) {
    findings.Fault("drops-authorization",
                   "the field Authorization does not reach the server: tokens do not count there");
  }
}

void AddAnswerFields(Findings& findings, const DoctorSight& sight) {
  const std::string cache = Field(sight.headers, "Cache-Control");
  if (cache.find("no-cache") == std::string::npos && cache.find("no-store") == std::string::npos) {
    findings.Fault("drops-cache-control",
                   "the answer's Cache-Control: no-cache, no-transform is lost on the way: a cache "
                   "may keep a stream, a proxy compress it");
  }
  if (!IsStream(sight.headers)) {
    findings.Fault("changes-content-type", "the answer's type is '" +
                                               Field(sight.headers, "Content-Type") +
                                               "' and not text/event-stream: a browser refuses it");
  }
  // nginx obeys the field and keeps it, which does no harm where nobody else has to obey it.
  if (!sight.first && !sight.headers.Has("X-Accel-Buffering")) {
    findings.Note("drops-x-accel-buffering",
                  "X-Accel-Buffering: no is not passed on: an nginx in front of this one holds "
                  "lines back");
  }
}

std::string_view HostOf(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  return url.substr(0, url.find('/'));
}

std::string_view PathOf(std::string_view url) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  return url.substr(std::min(url.find('/'), url.size()));
}

bool SameHost(std::string_view told, std::string_view asked, bool https) {
  const std::string_view usual = https ? ":443" : ":80";  // some leave it out
  if (told.ends_with(usual)) told.remove_suffix(usual.size());
  if (asked.ends_with(usual)) asked.remove_suffix(usual.size());
  return EqualsIgnoreCase(told, asked);
}

// ------------------------------------------------------------------------------------------------
// Who asks, and for what

void AddClient(Findings& findings, const DoctorSight& sight) {
  const DoctorHello& hello = *sight.hello;
  if (hello.forwarded && !hello.from_trusted_proxy) {
    const std::string proxy = hello.client.empty() ? "ADDRESS" : hello.client;
    findings
        .Fault(
            "not-trusted",
            "the server does not believe what its proxy says of clients: to it all of them are " +
                (hello.client.empty() ? std::string("the proxy") : hello.client))
        .advice = {"tailrace serve --trusted-proxies " + proxy +
                   (hello.client.empty() ? " (the proxy's)" : "")};
    return;  // all below follows from it
  }
  if (BehindProxy(sight) && !hello.forwarded) {
    findings.Fault("drops-client",
                   "the proxy does not say for whom it asks: to the server all clients are one");
  }
  if (BehindProxy(sight) && sight.claimed &&
      (sight.claimed->client == kDoctorClaimedAddress ||
       sight.claimed->host == kDoctorClaimedHost)) {
    const std::string what =
        "the proxy passes on what a client claims of its address or of the host (X-Forwarded-For, "
        "X-Forwarded-Host, Forwarded), and the server believes it";
    if (hello.client_is_proxy) {
      findings.Note("believes-clients",
                    what + "; maybe so because this machine is a trusted proxy itself");
    } else {
      findings.Fault("believes-clients", what);
    }
  }
  if (IsHttps(sight) && !hello.secure) {
    findings.Fault("drops-scheme",
                   "the server does not know that clients come by https: cookies are not Secure");
  }
}

void AddPlace(Findings& findings, const DoctorSight& sight) {
  const DoctorHello& hello = *sight.hello;
  const std::string_view asked = HostOf(sight.url);
  if (hello.protocol == "uwsgi" && hello.host == asked.substr(0, asked.rfind(':'))) {
    findings.Note("drops-port", "the server is asked for the host '" + hello.host +
                                    "' without its port: some browsers cannot log in");
  } else if (!SameHost(hello.host, asked, IsHttps(sight))) {
    findings.Fault("drops-host", "the server is asked for the host '" + hello.host +
                                     "' and not for '" + std::string(asked) +
                                     "': logging in and links fail");
  }
  const std::string path(PathOf(sight.url));
  if (!path.empty() && path != hello.base_path) {
    findings
        .Fault("base-path",
               "the server does not know that it is below " + path + ": its pages point elsewhere")
        .advice = {"tailrace serve --base-path " + path};
  }
}

void AddVersions(Findings& findings, const DoctorSight& sight) {
  if (IsHttps(sight) && !sight.http2) {
    findings.Note("http1", "browsers get HTTP/1.1: no more than six streams in all their tabs");
  }
  if (sight.hello->protocol == "http/1.0") {
    findings.Note("http1.0",
                  "the proxy asks the server by HTTP/1.0: a connection for each request, and "
                  "uploads are gathered before they are passed on");
  }
}

}  // namespace

bool IsTailrace(const DoctorSight& sight) {
  return sight.hello || sight.status == 429 ||
         Field(sight.headers, "WWW-Authenticate").find(kChallenge) != std::string::npos;
}

std::string_view ProxyOf(const DoctorSight& sight) {
  if (!sight.proxy.empty()) return sight.proxy;
  if (sight.hello && sight.hello->protocol == "uwsgi") return "nginx";
  std::string said = Field(sight.headers, "Server") + " " + Field(sight.headers, "Via");
  std::ranges::transform(said, said.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view name : {"nginx", "caddy", "haproxy"}) {
    if (said.find(name) != std::string::npos) return name;
  }
  return {};
}

bool AreHeldBack(const std::vector<DoctorBeat>& beats) {
  if (beats.size() < 2) return false;
  const uint64_t sent_ms = beats.back().sent_ms - beats.front().sent_ms;
  const uint64_t came_ms = beats.back().came_ms - beats.front().came_ms;
  return came_ms * 2 < sent_ms;
}

std::vector<DoctorFinding> Diagnose(const DoctorSight& sight) {
  Findings findings(sight);
  if (!sight.hello) {
    AddNoHello(findings, sight);
    return findings.Take();
  }
  if (sight.stream_status == 200) {
    AddBuffering(findings, sight);
    AddCut(findings, sight);
  } else {
    findings.Fault(kDoctorBusy, "the probe was answered once, but not again: " + sight.problem);
  }
  AddRequestFields(findings, sight);
  AddAnswerFields(findings, sight);
  AddClient(findings, sight);
  AddPlace(findings, sight);
  AddVersions(findings, sight);
  return findings.Take();
}

bool HasFinding(const std::vector<DoctorFinding>& findings, std::string_view id) {
  return std::ranges::any_of(findings, [id](const DoctorFinding& one) { return one.id == id; });
}

bool HasFault(const std::vector<DoctorFinding>& findings) {
  return std::ranges::any_of(findings, [](const DoctorFinding& one) { return one.fault; });
}

}  // namespace tailrace
