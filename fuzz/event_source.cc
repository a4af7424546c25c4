#include "event_source.h"

#include <cstdint>

namespace tailrace {
namespace {

struct Reader {
  std::vector<SseEvent> events;
  std::string data;
  std::string type;
  std::string id;
  uint64_t& retry_ms;

  void Dispatch() {
    if (!data.empty()) {
      data.pop_back();  // the last LF
      events.push_back({type.empty() ? "message" : type, data, id});
    }
    data.clear();
    type.clear();
  }

  void Field(std::string_view name, std::string_view value) {
    if (name == "event") {
      type = value;
    } else if (name == "data") {
      data.append(value).push_back('\n');
    } else if (name == "id") {
      if (value.find('\0') == std::string_view::npos) id = value;
    } else if (name == "retry") {
      if (value.find_first_not_of("0123456789") == std::string_view::npos && !value.empty()) {
        retry_ms = std::stoull(std::string(value));
      }
    }
  }

  void Line(std::string_view line) {
    if (line.empty()) {
      Dispatch();
      return;
    }
    const size_t colon = line.find(':');
    if (colon == 0) return;
    if (colon == std::string_view::npos) {
      Field(line, "");
      return;
    }
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    Field(line.substr(0, colon), value);
  }
};

}  // namespace

std::vector<SseEvent> ReadEventStream(std::string_view stream, uint64_t& retry_ms) {
  if (stream.starts_with("\xEF\xBB\xBF")) stream.remove_prefix(3);
  Reader reader{.events = {}, .data = {}, .type = {}, .id = {}, .retry_ms = retry_ms};
  for (;;) {
    const size_t end = stream.find_first_of("\r\n");
    if (end == std::string_view::npos) return reader.events;  // a line without its end is dropped
    reader.Line(stream.substr(0, end));
    const bool pair = stream.substr(end, 2) == "\r\n";
    stream.remove_prefix(end + (pair ? 2 : 1));
  }
}

}  // namespace tailrace
