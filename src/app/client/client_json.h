// The server's JSON, as far as the verbs read it. The one place of the client that knows a JSON
// library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/log_info.h"

namespace tailrace {

/// An entry of a page or of a stream in format=json.
struct ClientEntry {
  Position n = 0;
  std::string time;  ///< RFC 3339, as it came.
  std::string stream;
  std::string source;
  std::string text;
  bool partial = false;
  bool has_lost = false;
  std::optional<uint64_t> lost;  ///< With `has_lost`; absent: nobody knows how many.
  std::string json;              ///< The whole object on one line.
};

/// A log as in the list and in its own page.
struct ClientLog {
  std::string type, id, title, incarnation, state, created;
  std::optional<Outcome> outcome;
  Position first = 0;
  Position position = 0;
  std::string json;
};

struct ClientPage {
  Position first = 0;
  Position position = 0;
  std::vector<ClientEntry> entries;
};

struct ClientList {
  std::vector<ClientLog> logs;
  std::string next;  ///< Empty: no more.
};

/// Of the stream's gap, reset and end events; what is not there is absent.
struct ClientEvent {
  std::optional<uint64_t> from, to, lost;
  bool has_lost = false;
  std::string cause;
  std::optional<Outcome> outcome;
};

struct DoctorHello;

/// All: kInvalid for what is not the object that api.md describes.
Result<ClientEntry> ReadEntry(std::string_view json);
Result<ClientLog> ReadLog(std::string_view json);
Result<ClientPage> ReadPage(std::string_view json);
Result<ClientList> ReadList(std::string_view json);
Result<ClientEvent> ReadEvent(std::string_view json);
/// The path of a link that was made.
Result<std::string> ReadLinkPath(std::string_view json);
/// Of the doctor's probe; a beat: when it was sent, in ms from a start of its own.
Result<DoctorHello> ReadDoctorHello(std::string_view json);
Result<uint64_t> ReadDoctorBeat(std::string_view json);

}  // namespace tailrace
