#include "io/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>

namespace tailrace {
namespace {

bool Fill(std::span<unsigned char> bytes) {
  return RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
}

}  // namespace

std::optional<TicketKeys::Key> TicketKeys::Current() {
  const std::lock_guard lock(mutex_);
  DropOld();
  if (keys_.empty() || clock_.Now() - keys_.front().made >= kPeriodNs) {
    Key key;
    if (!Fill(key.name) || !Fill(key.cipher) || !Fill(key.mac)) return std::nullopt;
    key.made = clock_.Now();
    keys_.push_front(key);
  }
  return keys_.front();
}

std::optional<TicketKeys::Key> TicketKeys::Find(Name name) {
  const std::lock_guard lock(mutex_);
  DropOld();
  const auto found = std::ranges::find_if(
      keys_, [name](const Key& key) { return std::ranges::equal(key.name, name); });
  if (found == keys_.end()) return std::nullopt;
  return *found;
}

// A clock that went back makes keys live longer, which is less harm than none.
void TicketKeys::DropOld() {
  const TimeNs life = kPeriodNs * static_cast<TimeNs>(kKept);
  while (!keys_.empty() && clock_.Now() - keys_.back().made >= life) {
    OPENSSL_cleanse(&keys_.back(), sizeof(Key));
    keys_.pop_back();
  }
}

}  // namespace tailrace
