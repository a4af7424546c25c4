#include "feed/feed_model.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tailrace {

void TranscriptReader::ReadAll() {
  const std::string payload = seat_.transcript->Payload();
  size_t begin = 0;
  for (size_t end; (end = payload.find('\n', begin)) != payload.npos; begin = end + 1) {
    ReadLine(payload.substr(begin, end - begin));
    if (testing::Test::HasFailure()) return;
  }
}

void TranscriptReader::ReadLine(const std::string& line) {
  if (line == "note" || line == "head" || line.starts_with("[")) return;
  ASSERT_FALSE(closed_) << "told after the end: " << line;
  std::istringstream words(line.substr(line.starts_with("{") ? 1 : 0));
  std::string word;
  words >> word;
  closed_ = word == "deleted" || word == "unavailable" || word == "bye" || word == "end";
  if (word == "unavailable" || word == "bye") return;
  if (word == "deleted") {
    ASSERT_TRUE(log_ == nullptr || log_->removed);
  } else if (word == "gap") {
    ReadGap(words);
  } else if (word == "reset") {
    ReadReset(words);
  } else if (word == "end") {
    Position end = 0;
    words >> word >> end;
    Begin(word);
    ASSERT_TRUE(log_ != nullptr && log_->ended);
    ASSERT_EQ(end, log_->texts.size());
    ASSERT_EQ(end, placed_ ? position_ : end);
    position_ = end;
  } else {
    ReadEntry(word, words);
  }
}

// The first line that names a log gives the viewer its place.
void TranscriptReader::Begin(const std::string& incarnation) {
  if (log_ != nullptr) {
    ASSERT_EQ(incarnation, log_->incarnation) << "another log without a reset";
    return;
  }
  for (const auto& [number, log] : logs_) {
    if (log.incarnation != incarnation) continue;
    number_ = number;
    log_ = &log;
  }
  ASSERT_NE(log_, nullptr) << incarnation;
  if (was_reset_) return;
  ASSERT_TRUE(seat_.start.incarnation.empty() || seat_.start.incarnation == incarnation);
  placed_ = true;
  position_ = seat_.start.position;
}

void TranscriptReader::ReadEntry(const std::string& incarnation, std::istream& rest) {
  Position n = 0;
  std::string text;
  rest >> n >> text;
  Begin(incarnation);
  if (log_ == nullptr) return;
  ASSERT_EQ(n, placed_ ? position_ : n) << "an entry is missing or repeated";
  ASSERT_LT(n, log_->texts.size());
  ASSERT_EQ(text, log_->texts[n]);
  placed_ = true;
  position_ = n + 1;
}

void TranscriptReader::ReadGap(std::istream& rest) {
  std::string incarnation;
  std::string cause;
  Position from = 0;
  Position to = 0;
  rest >> incarnation >> from >> to >> cause;
  Begin(incarnation);
  if (log_ == nullptr) return;
  ASSERT_EQ(from, placed_ ? position_ : from);
  ASSERT_LT(from, to);
  if (cause == "retention") {
    ASSERT_LE(to, log_->first) << "a gap where nothing is lost";
  } else {
    for (Position n = from; n < to; ++n) ASSERT_TRUE(log_->IsDamaged(n)) << n;
  }
  placed_ = true;
  position_ = to;
}

void TranscriptReader::ReadReset(std::istream& rest) {
  std::string incarnation;
  std::string cause;
  rest >> incarnation >> cause;
  ASSERT_EQ(log_, nullptr) << "a reset in the middle";
  was_reset_ = true;
  placed_ = true;
  Begin(incarnation);
  const StreamStart& start = seat_.start;
  const bool other = !start.incarnation.empty() && start.incarnation != incarnation;
  ASSERT_EQ(cause == "recreated", other);
  if (other) return;
  ASSERT_GT(start.position, 0u);
  if (number_ != seat_.number_at_join) return;
  ASSERT_GT(start.position, seat_.position_at_join) << "only this worker did not know it";
}

}  // namespace tailrace
