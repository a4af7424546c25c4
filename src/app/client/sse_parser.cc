#include "app/client/sse_parser.h"

#include "base/text.h"

namespace tailrace {

void SseParser::Feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    const size_t end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    std::string_view line = line_;
    if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    at_start_ = false;
    OnLine(line);
    line_.clear();
  }
}

void SseParser::OnLine(std::string_view line) {
  if (!line.empty()) {
    const size_t colon = line.find(':');
    std::string_view value =
        colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    OnField(line.substr(0, colon), value);
    return;
  }
  if (has_data_) {
    event_.data.pop_back();  // The LF behind the last line.
    event_.last_id = last_id_;
    sink_(event_);
  }
  event_ = SseEvent{};
  has_data_ = false;
}

void SseParser::OnField(std::string_view name, std::string_view value) {
  if (name == "data") {
    event_.data.append(value).push_back('\n');
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) last_id_ = value;
  } else if (name == "retry") {
    if (const auto retry_ms = ParseDecimal(value)) retry_ms_ = *retry_ms;
  }
}

}  // namespace tailrace
