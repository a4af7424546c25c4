// TicketKeys: what seals TLS session tickets. A stolen key opens the tickets of its hours only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

#include "base/time.h"

namespace tailrace {

/// Made here, never stored: after a restart clients shake hands in full. Any thread.
class TicketKeys {
 public:
  struct Key {
    std::array<unsigned char, 16> name;    ///< Stands in the ticket, for everybody to read.
    std::array<unsigned char, 32> cipher;  ///< AES-256-CBC.
    std::array<unsigned char, 32> mac;     ///< HMAC-SHA256.
    TimeNs made = 0;
  };
  using Name = std::span<const unsigned char, 16>;

  /// A key seals for so long, and opens for kKept times as long.
  static constexpr TimeNs kPeriodNs = 3'600'000'000'000;
  static constexpr size_t kKept = 3;
  /// A ticket is good for so long, which is less than its key.
  static constexpr long kTicketLifeS = 7'200;

  explicit TicketKeys(const Clock& clock) : clock_(clock) {}

  /// For a new ticket. Nothing: the system has no random numbers.
  std::optional<Key> Current();
  /// The one that sealed a ticket, while it is kept.
  std::optional<Key> Find(Name name);

 private:
  void DropOld();

  const Clock& clock_;
  std::mutex mutex_;
  std::deque<Key> keys_;  // guarded by mutex_; newest first
};

}  // namespace tailrace
