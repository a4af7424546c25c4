// Marked entries: each text begins with a mark that counts its producer's entries, so that whoever
// reads a stream in any format can tell, by looking at a few bytes an entry, that none is missing,
// doubled or out of order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::bench {

inline constexpr size_t kMaxProducers = 8;
/// '#', a letter for the producer, nine digits. No other '#' may stand in a stream.
inline constexpr size_t kMarkBytes = 11;

/// Appends a text of `size` bytes (kMarkBytes to 64 KiB) without line ends: words in any order and
/// numbers, which shrinks less than most logs do.
void AppendMarkedText(std::string& out, size_t producer, uint64_t sequence, size_t size);
/// The same with the line of a web server's request log, about 200 bytes: times, paths, random
/// request ids and addresses.
void AppendMarkedRequest(std::string& out, size_t producer, uint64_t sequence);

/// Finds the marks in one viewer's bytes, however they are cut.
class MarkScanner {
 public:
  /// How many entries were found, all of them in order.
  uint64_t entries() const { return entries_; }
  /// The first entry that was missing, doubled, out of order or garbled stops the count for good.
  bool Broken() const { return broken_; }
  /// What was wrong with it.
  std::string Problem() const;
  uint32_t NextOf(size_t producer) const { return next_[producer]; }

  void Scan(std::string_view bytes) {
    while (!broken_) {
      if (carried_ == 0) {
        const size_t at = bytes.find('#');
        if (at == std::string_view::npos) return;
        bytes.remove_prefix(at);
        if (bytes.size() >= kMarkBytes) {
          Take(bytes.data());
          bytes.remove_prefix(kMarkBytes);
          continue;
        }
      }
      const size_t wanted = kMarkBytes - carried_;
      const size_t part = bytes.copy(carry_.data() + carried_, wanted);
      carried_ = static_cast<uint8_t>(carried_ + part);
      if (carried_ < kMarkBytes) return;
      carried_ = 0;
      Take(carry_.data());
      bytes.remove_prefix(part);
    }
  }

 private:
  void Take(const char* mark);

  uint64_t entries_ = 0;
  std::array<uint32_t, kMaxProducers> next_{};
  std::array<char, kMarkBytes> carry_{};  // a mark cut by the end of a read
  uint8_t carried_ = 0;
  bool broken_ = false;
};

}  // namespace tailrace::bench
