#include "http/http2_output.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace tailrace {

void Http2Output::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  own_.append(bytes);
  size_ += bytes.size();
  if (first_ < pieces_.size() && pieces_.back().lent == nullptr) {
    pieces_.back().size += bytes.size();
  } else {
    pieces_.push_back({nullptr, bytes.size()});
  }
}

void Http2Output::Lend(std::string_view bytes) {
  if (bytes.empty()) return;
  pieces_.push_back({bytes.data(), bytes.size()});
  size_ += bytes.size();
  ++lent_;
}

size_t Http2Output::Gather(std::span<iovec> parts) const {
  size_t count = 0;
  const char* own = own_.data() + own_sent_;
  for (size_t i = first_; i < pieces_.size() && count < parts.size(); ++i) {
    const Piece& piece = pieces_[i];
    const char* from = piece.lent != nullptr ? piece.lent : std::exchange(own, own + piece.size);
    parts[count++] = {const_cast<char*>(from), piece.size};
  }
  return count;
}

void Http2Output::Consume(uint64_t size) {
  CHECK(size <= size_);
  size_ -= size;
  while (size > 0) {
    Piece& piece = pieces_[first_];
    const size_t taken = std::min<uint64_t>(size, piece.size);
    size -= taken;
    piece.size -= taken;
    if (piece.lent == nullptr) {
      own_sent_ += taken;
    } else {
      piece.lent += taken;
      if (piece.size == 0) --lent_;
    }
    if (piece.size == 0) ++first_;
  }
  if (size_ == 0) *this = {};
}

void Http2Output::Keep() {
  if (lent_ == 0) return;
  std::string all;
  all.reserve(size_);
  const char* own = own_.data() + own_sent_;
  for (size_t i = first_; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    const char* from = piece.lent != nullptr ? piece.lent : std::exchange(own, own + piece.size);
    all.append(from, piece.size);
  }
  *this = {};
  Append(all);
}

}  // namespace tailrace
