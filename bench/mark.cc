#include "bench/mark.h"

#include <algorithm>
#include <cstdio>

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

void AppendMark(std::string& out, size_t producer, uint64_t sequence) {
  std::array<char, kMarkBytes> mark;
  mark[0] = '#';
  mark[1] = static_cast<char>('a' + producer);
  for (size_t i = kMarkBytes; i-- > 2; sequence /= 10) {
    mark[i] = static_cast<char>('0' + sequence % 10);
  }
  out.append(mark.data(), mark.size());
}

// SplitMix64's finalizer: the same entry has the same text in every run.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

void AppendMarkedText(std::string& out, size_t producer, uint64_t sequence, size_t size) {
  static const std::string kFiller = MakeFiller();
  const size_t from = (sequence * 997 + producer) % (kFillerBytes - size);
  AppendMark(out, producer, sequence);
  out.append(kFiller, from, size - kMarkBytes);
}

void AppendMarkedRequest(std::string& out, size_t producer, uint64_t sequence) {
  static constexpr std::array kLevels = {"INFO", "INFO", "INFO", "DEBUG", "WARN"};
  static constexpr std::array kPaths = {"/api/v1/orders/", "/api/v1/users/",
                                        "/static/app.js?v=", "/api/v2/cart/items/", "/search?q="};
  AppendMark(out, producer, sequence);
  uint64_t state = Mix(sequence * kMaxProducers + producer + 1);
  const auto draw = [&state](uint64_t bound) { return Mix(++state) % bound; };
  std::array<char, 256> line;
  const int size = std::snprintf(
      line.data(), line.size(),
      " 2026-11-23T09:%02d:%02d.%06dZ %s [web-7d9fc6b5d4-%c2k8p/app] %s %s%d 200 %dms "
      "request_id=%08x upstream=10.2.%d.%d:8080 bytes=%d user_agent=\"kube-probe/1.27\"",
      int(sequence / 60'000 % 60), int(sequence / 1'000 % 60), int(draw(1'000'000)),
      kLevels[draw(kLevels.size())], "xyz"[draw(3)], draw(3) > 0 ? "GET" : "POST",
      kPaths[draw(kPaths.size())], int(draw(100'000)), int(draw(300)), unsigned(draw(1ULL << 32)),
      int(draw(4)), int(draw(256)), int(draw(20'000)));
  out.append(line.data(), static_cast<size_t>(size));
}

void MarkScanner::Take(const char* mark) {
  const auto producer = static_cast<size_t>(mark[1] - 'a');
  uint64_t sequence = 0;
  for (size_t i = 2; i < kMarkBytes; ++i) {
    sequence = sequence * 10 + static_cast<uint64_t>(mark[i] - '0');
  }
  if (producer >= kMaxProducers || sequence != next_[producer]) {
    broken_ = true;
    std::copy_n(mark, kMarkBytes, carry_.begin());
    return;
  }
  ++next_[producer];
  ++entries_;
}

std::string MarkScanner::Problem() const {
  const std::string mark(carry_.data(), carry_.size());
  const auto producer = static_cast<size_t>(mark[1] - 'a');
  if (producer >= kMaxProducers) return "a garbled mark '" + mark + "'";
  return "mark '" + mark + "' where entry " + std::to_string(next_[producer]) + " should stand";
}

}  // namespace tailrace::bench
