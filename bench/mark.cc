#include "bench/mark.h"

namespace tailrace::bench {

void AppendMarkedText(std::string& out, size_t producer, uint64_t sequence, size_t size) {
  std::array<char, kMarkBytes> mark;
  mark[0] = '#';
  mark[1] = static_cast<char>('a' + producer);
  for (size_t i = kMarkBytes; i-- > 2; sequence /= 10) {
    mark[i] = static_cast<char>('0' + sequence % 10);
  }
  out.append(mark.data(), mark.size());
  out.append(size - kMarkBytes, 'x');
}

void MarkScanner::Take(const char* mark) {
  const auto producer = static_cast<size_t>(mark[1] - 'a');
  uint64_t sequence = 0;
  for (size_t i = 2; i < kMarkBytes; ++i) {
    sequence = sequence * 10 + static_cast<uint64_t>(mark[i] - '0');
  }
  if (producer >= kMaxProducers || sequence != next_[producer]) {
    broken_ = true;
    return;
  }
  ++next_[producer];
  ++entries_;
}

}  // namespace tailrace::bench
