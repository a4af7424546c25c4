// Http2Output: what a connection has still to send, in order: bytes of its own, and bytes that are
// lent to it so that they need not be copied.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

class Http2Output {
 public:
  void Append(std::string_view bytes);
  /// `bytes` stay where they are until they were sent, or Keep is called.
  void Lend(std::string_view bytes);

  uint64_t Size() const { return size_; }
  bool Empty() const { return size_ == 0; }
  bool HasLent() const { return lent_ > 0; }

  /// Fills `parts` from the front; returns how many. They are good until the next change.
  size_t Gather(std::span<iovec> parts) const;
  /// So much of the front was sent. Memory goes when nothing is left.
  void Consume(uint64_t size);
  /// Copies what was lent: its owners may forget it.
  void Keep();

 private:
  struct Piece {
    const char* lent;  // null: the next bytes of own_
    size_t size;
  };

  std::string own_;
  size_t own_sent_ = 0;
  std::vector<Piece> pieces_;
  size_t first_ = 0;  // of pieces_, that is not sent
  uint64_t size_ = 0;
  size_t lent_ = 0;  // pieces
};

}  // namespace tailrace
