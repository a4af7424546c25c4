// SseParser: a client of Server-Sent Events (WHATWG HTML §9.2.6), bytes in, events out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

struct SseEvent {
  std::string type;  ///< Empty: unnamed, which is "message".
  std::string data;
  std::string last_id;  ///< In force after this event; to be sent as Last-Event-ID.
};

/// One thread; fed any pieces of one response. A new response needs a new parser: an event that a
/// cut has left unfinished is thrown away, as the standard says.
class SseParser {
 public:
  using Sink = std::function<void(const SseEvent&)>;

  explicit SseParser(Sink sink) : sink_(std::move(sink)) {}

  void Feed(std::string_view bytes);
  /// The last `retry:` in milliseconds.
  std::optional<uint64_t> RetryMs() const { return retry_ms_; }

 private:
  void OnLine(std::string_view line);
  void OnField(std::string_view name, std::string_view value);

  const Sink sink_;
  std::string line_;       ///< Unfinished.
  bool after_cr_ = false;  ///< A LF now would belong to the CR before it.
  bool at_start_ = true;   ///< A byte order mark may come.
  SseEvent event_;
  bool has_data_ = false;
  std::string last_id_;
  std::optional<uint64_t> retry_ms_;
};

}  // namespace tailrace
