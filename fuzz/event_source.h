// A reader of event streams by the letter of WHATWG HTML §9.2.6, written apart from the code that
// makes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

struct SseEvent {
  std::string type = "message";
  std::string data;
  std::string last_event_id;
};

/// The events that a browser dispatches from these bytes, which must be well-formed UTF-8.
/// `retry_ms`: the reconnection time in the end, or what it was.
std::vector<SseEvent> ReadEventStream(std::string_view stream, uint64_t& retry_ms);

}  // namespace tailrace
