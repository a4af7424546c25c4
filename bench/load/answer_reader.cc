#include "bench/load/answer_reader.h"

#include <algorithm>
#include <charconv>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr uint64_t kToTheEnd = ~uint64_t{0};
constexpr size_t kHeadBytes = 64 << 10;
constexpr size_t kLineBytes = 64;

}  // namespace

std::string_view AnswerReader::Take(std::string_view& bytes) {
  switch (state_) {
    case State::kHead:
      TakeHead(bytes);
      return {};
    case State::kBody:
      return TakeBody(bytes, State::kComplete);
    case State::kSize:
      TakeSizeLine(bytes);
      return {};
    case State::kChunk:
      return TakeBody(bytes, State::kChunkEnd);
    case State::kChunkEnd:
      TakeLineEnd(bytes, State::kSize);
      return {};
    case State::kTrailer:
      TakeLineEnd(bytes, State::kComplete);
      return {};
    case State::kComplete:
      if (problem_.empty()) Fail("bytes behind the answer's end");
      bytes = {};
      return {};
  }
  return {};
}

void AnswerReader::TakeHead(std::string_view& bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const size_t before = line_.size();
  line_.append(bytes.substr(0, kHeadBytes));
  const size_t end = line_.find(kEnd, before < kEnd.size() ? 0 : before - kEnd.size());
  if (end == std::string::npos) {
    bytes = {};
    if (line_.size() > kHeadBytes) Fail("the answer's head does not end");
    return;
  }
  bytes.remove_prefix(end + kEnd.size() - before);
  line_.resize(end + 2);
  ReadHead();
  line_ = {};
}

void AnswerReader::ReadHead() {
  if (!line_.starts_with("HTTP/1.") || line_.size() < 12) return Fail("no HTTP: " + line_);
  std::from_chars(line_.data() + 9, line_.data() + 12, status_);
  coding_ = HeaderValue(line_, "content-encoding");
  if (HeaderValue(line_, "transfer-encoding") == "chunked") {
    state_ = State::kSize;
    return;
  }
  const std::string_view length = HeaderValue(line_, "content-length");
  left_ = kToTheEnd;
  if (!length.empty()) std::from_chars(length.data(), length.data() + length.size(), left_);
  state_ = left_ == 0 || status_ == 204 ? State::kComplete : State::kBody;
}

void AnswerReader::TakeSizeLine(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  line_.append(bytes.substr(0, end));
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (line_.size() > kLineBytes) return Fail("a chunk's size does not end");
  if (end == std::string_view::npos) return;
  const auto [rest, error] = std::from_chars(line_.data(), line_.data() + line_.size(), left_, 16);
  if (error != std::errc() || *rest != '\r') return Fail("no chunk's size: " + line_);
  line_.clear();
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
}

void AnswerReader::TakeLineEnd(std::string_view& bytes, State next) {
  constexpr std::string_view kLineEnd = "\r\n";
  while (!bytes.empty() && line_.size() < kLineEnd.size()) {
    line_.push_back(bytes.front());
    bytes.remove_prefix(1);
  }
  if (line_.size() < kLineEnd.size()) return;
  if (line_ != kLineEnd) return Fail("no line end behind a chunk");
  line_.clear();
  state_ = next;
}

std::string_view AnswerReader::TakeBody(std::string_view& bytes, State next) {
  const std::string_view part = bytes.substr(0, left_);
  bytes.remove_prefix(part.size());
  if (left_ != kToTheEnd) left_ -= part.size();
  if (left_ == 0) state_ = next;
  return part;
}

void AnswerReader::Fail(std::string problem) {
  problem_ = std::move(problem);
  state_ = State::kComplete;
}

}  // namespace tailrace::bench
