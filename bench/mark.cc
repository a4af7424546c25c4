#include "bench/mark.h"

namespace tailrace::bench {
namespace {

constexpr size_t kFillerBytes = 1 << 20;

// Words of a small language: compresses about as a log does, unlike one letter or noise.
std::string MakeFiller() {
  std::string filler;
  uint64_t state = 42;
  const auto next = [&](uint64_t bound) {
    state = state * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX
    return (state >> 33) % bound;
  };
  std::array<std::string, 500> words;
  for (std::string& word : words) {
    for (uint64_t left = 3 + next(8); left > 0; --left) {
      word.push_back(static_cast<char>('a' + next(26)));
    }
  }
  while (filler.size() < kFillerBytes) {
    filler.append(words[next(words.size())]).push_back(' ');
    if (next(8) == 0) filler.append(std::to_string(next(100'000))).push_back(' ');
  }
  return filler;
}

}  // namespace

void AppendMarkedText(std::string& out, size_t producer, uint64_t sequence, size_t size) {
  static const std::string kFiller = MakeFiller();
  const size_t from = (sequence * 997 + producer) % (kFillerBytes - size);
  std::array<char, kMarkBytes> mark;
  mark[0] = '#';
  mark[1] = static_cast<char>('a' + producer);
  for (size_t i = kMarkBytes; i-- > 2; sequence /= 10) {
    mark[i] = static_cast<char>('0' + sequence % 10);
  }
  out.append(mark.data(), mark.size());
  out.append(kFiller, from, size - kMarkBytes);
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
