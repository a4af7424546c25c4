// What `tailrace doctor` saw of one address, and what is wrong with the way there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/headers.h"

namespace tailrace {

/// What the server says of a request that it got (docs/cli.md "doctor").
struct DoctorHello {
  std::string protocol;  ///< "http", "http/1.0" or "uwsgi": how the last hop asked it.
  std::string client;    ///< Who it thinks we are; empty: it does not say.
  std::string host;
  std::string base_path;
  std::string forwarded_headers;  ///< "x-forwarded" or "forwarded": which it reads.
  std::string accept_encoding, last_event_id;
  uint64_t longest_silence_ms = 0;  ///< Its streams say something at least so often.
  bool secure = false;
  bool from_trusted_proxy = false;
  bool client_is_proxy = false;  ///< The client's address is a trusted proxy's.
  bool forwarded = false;        ///< Some proxy says for whom it asks.
  bool access = false;           ///< Access control is on.
  bool has_cookie = false;
  bool has_authorization = false;
  std::string json;  ///< All of it, on one line.
};

/// One line of the probe: when it was sent and when it came, each counted from a start of its own.
struct DoctorBeat {
  uint64_t sent_ms = 0;
  uint64_t came_ms = 0;
};

/// The claims of the second question; a proxy must not pass them on as its own word.
inline constexpr std::string_view kDoctorClaimedAddress = "192.0.2.1";  // RFC 5737 §3
inline constexpr std::string_view kDoctorClaimedHost = "doctor.invalid";

struct DoctorSight {
  std::string url;
  std::string proxy;        ///< Its name, if the user told it: "nginx", "caddy" or "haproxy".
  bool first = true;        ///< The browser's end of the way.
  bool with_token = false;  ///< All questions had one.

  // The first question: as a browser's EventSource asks, for a hello alone.
  std::string accept_encoding, last_event_id;
  int status = 0;       ///< 0: nobody answers; `problem` says why.
  std::string problem;  ///< Also of a status that is not 200.
  bool http2 = false;
  Headers headers;
  std::optional<DoctorHello> hello;

  // The second, with a cookie, an Authorization and claims about where it comes from.
  std::optional<DoctorHello> claimed;  ///< Absent: not answered.
  bool claimed_authorization = false;

  // The third: the stream.
  int stream_status = 0;
  Headers stream_headers;
  std::vector<DoctorBeat> beats;
  /// Of the same without Accept-Encoding, if it came compressed or seemed to be held back.
  std::vector<DoctorBeat> plain_beats;
  bool done = false;             ///< It came to its end.
  uint64_t silence_ms = 0;       ///< How long it was to be silent before that.
  uint64_t last_silence_ms = 0;  ///< From the last bytes to the end or the cut.
};

struct DoctorFinding {
  std::string id;     ///< "buffers", "cuts", "compresses", "drops-host", …
  bool fault = true;  ///< Otherwise only good to know.
  std::string what;   ///< One sentence.
  std::vector<std::string>
      advice;  ///< "nginx: proxy_buffering off;", one for each proxy it may be.
};

/// It is a Tailrace that answers, be it with a hello or with a refusal.
bool IsTailrace(const DoctorSight& sight);

/// "nginx", "caddy", "haproxy": who passes on to the server, or whoever else answers at that
/// address; empty: nothing tells.
std::string_view ProxyOf(const DoctorSight& sight);

/// They came much closer together than they were sent. Once may be chance, on a busy machine.
bool AreHeldBack(const std::vector<DoctorBeat>& beats);

/// Empty: all is well. No hello: why there is none is the finding.
std::vector<DoctorFinding> Diagnose(const DoctorSight& sight);

bool HasFinding(const std::vector<DoctorFinding>& findings, std::string_view id);
bool HasFault(const std::vector<DoctorFinding>& findings);

/// Ids of findings that say that nothing could be asked.
inline constexpr std::string_view kDoctorUnreachable = "unreachable";
inline constexpr std::string_view kDoctorBusy = "busy";
inline constexpr std::string_view kDoctorNotPermitted = "not-permitted";

}  // namespace tailrace
