#include "feed/feed_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "base/check.h"

namespace tailrace {
namespace {

constexpr uint64_t kMaxAgeSeconds = 50;
constexpr TimeNs kSecondNs = 1'000'000'000;

StoreOptions OptionsFor(const Clock& clock) {
  StoreOptions options;
  options.clock = &clock;
  options.retention.policy.max_age_s = kMaxAgeSeconds;
  return options;
}

// Hands in the request and waits until it is answered, so that the commit thread sleeps again.
template <typename Answer, typename Request>
Result<Answer> Await(LogStore& store, void (LogStore::*submit)(Request), Request request) {
  const auto promise = std::make_shared<std::promise<Result<Answer>>>();
  auto answer = promise->get_future();
  request.done = [promise](Result<Answer> result) { promise->set_value(std::move(result)); };
  (store.*submit)(std::move(request));
  return answer.get();
}

EntryRun RunOf(const std::vector<std::string>& texts) {
  EntryRun run;
  for (const std::string& text : texts) run.Add({.text = text});
  return run;
}

}  // namespace

void TestRenderer::Render(Format format, std::string_view incarnation, Position begin, Position end,
                          std::span<const ChunkPtr> chunks, std::string& out) const {
  for (const ChunkPtr& chunk : chunks) {
    Entry entry;
    EntryReader reader(chunk->encoded);
    const bool headed = format == Format::kBatch && chunk->begin < end;
    if (headed) out.append("[").append(std::to_string(std::max(begin, chunk->begin))).append("\n");
    for (Position n = chunk->begin; n < end && reader.Next(entry); ++n) {
      if (n < begin) continue;
      if (format == Format::kJson) out.push_back('{');
      out.append(incarnation).append(" ").append(std::to_string(n)).append(" ");
      out.append(entry.text).append("\n");
    }
  }
}

void TestRenderer::AppendStart(Coding coding, std::string& out) const {
  if (coding == Coding::kGzip) out.push_back('<');
}

void TestRenderer::AppendPart(Coding coding, std::string_view plain, std::string& out) const {
  if (coding == Coding::kIdentity) {
    out.append(plain);
  } else {
    out.append("(").append(std::to_string(plain.size())).append(":").append(plain).append(")");
  }
}

void TestRenderer::AppendEnd(Coding coding, const PlainSum& all, std::string& out) const {
  if (coding != Coding::kGzip) return;
  out.append(">").append(std::to_string(all.crc)).append(",").append(std::to_string(all.bytes));
}

PlainSum TestRenderer::Sum(std::string_view plain) const {
  PlainSum sum{.bytes = plain.size()};
  for (const char byte : plain) sum.crc += static_cast<unsigned char>(byte);
  return sum;
}

PlainSum TestRenderer::Join(const PlainSum& first, const PlainSum& second) const {
  return {.crc = first.crc + second.crc, .bytes = first.bytes + second.bytes};
}

std::string TestRenderer::Decode(Coding coding, std::string_view bytes) {
  if (coding == Coding::kIdentity) return std::string(bytes);
  std::string plain;
  if (coding == Coding::kGzip && !bytes.empty()) {
    if (bytes.front() != '<') return std::string(kBroken);
    bytes.remove_prefix(1);
  }
  while (!bytes.empty() && bytes.front() == '(') {
    const size_t colon = bytes.find(':');
    if (colon == bytes.npos) return plain;
    const size_t size = std::stoul(std::string(bytes.substr(1, colon - 1)));
    plain.append(bytes.substr(colon + 1, size));
    if (bytes.size() <= colon + 1 + size) return plain;
    if (bytes[colon + 1 + size] != ')') return plain.append(kBroken);
    bytes.remove_prefix(colon + size + 2);
  }
  if (bytes.empty()) return plain;
  std::string end;
  TestRenderer().AppendEnd(coding, TestRenderer().Sum(plain), end);
  return end.starts_with(bytes) ? plain : plain.append(kBroken);
}

// ------------------------------------------------------------------------------------------------
// Pool and store

FeedTable::RunInPool TestPool::Runner() {
  return [this](FeedTable::Task work, FeedTable::Task done) {
    waiting_.push_back({std::move(work), std::move(done)});
  };
}

void TestPool::Work(size_t index) {
  Entry entry = std::move(waiting_.at(index));
  waiting_.erase(waiting_.begin() + static_cast<ptrdiff_t>(index));
  entry.work();
  worked_.push_back(std::move(entry));
}

void TestPool::Done(size_t index) {
  Entry entry = std::move(worked_.at(index));
  worked_.erase(worked_.begin() + static_cast<ptrdiff_t>(index));
  entry.done();
}

void TestPool::RunAll() {
  while (!waiting_.empty() || !worked_.empty()) {
    while (!waiting_.empty()) Work();
    while (!worked_.empty()) Done();
  }
}

TestStore::TestStore(StoreOptions options)
    : random_(new SeededRandom(1)), store_(std::move(options), std::unique_ptr<Random>(random_)) {}

Result<LogInfo> TestStore::Stat(const LogKey& key) {
  ++stats;
  if (unreadable) return Fail(ErrorCode::kUnavailable, "unreadable");
  return store_.Stat(key);
}

Result<ReadAnswer> TestStore::Read(const LogKey& key, Position from, size_t max_bytes) {
  ++reads;
  if (unreadable) return Fail(ErrorCode::kUnavailable, "unreadable");
  return store_.Read(key, from, max_bytes);
}

Result<Position> TestStore::FindTextOffset(const LogKey& key, uint64_t offset) {
  return store_.FindTextOffset(key, offset);
}

void TestStore::SetCommitListener(CommitListener listener) {
  store_.SetCommitListener(std::move(listener));
}

void TestStore::Unfollow(const LogKey& key) {
  const auto found = followed.find(key);
  CHECK(found != followed.end());
  if (--found->second == 0) followed.erase(found);
}

// ------------------------------------------------------------------------------------------------
// What viewers get

void ChunkedReader::Feed(std::string_view bytes) {
  for (const char byte : bytes) state_ = Next(byte);
}

ChunkedReader::State ChunkedReader::Next(char byte) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  switch (state_) {
    case State::kSize: {
      if (byte == '\r' && digits_ > 0) return State::kSizeLf;
      const size_t digit = kHex.find(byte);
      if (digit == kHex.npos || ++digits_ > 8) return State::kBroken;
      size_ = size_ * 16 + digit;
      return State::kSize;
    }
    case State::kSizeLf:
      digits_ = 0;
      if (byte != '\n') return State::kBroken;
      return size_ == 0 ? State::kLastCr : State::kData;
    case State::kData:
      payload_.push_back(byte);
      return --size_ == 0 ? State::kDataCr : State::kData;
    case State::kDataCr:
      return byte == '\r' ? State::kDataLf : State::kBroken;
    case State::kDataLf:
      return byte == '\n' ? State::kSize : State::kBroken;
    case State::kLastCr:
      return byte == '\r' ? State::kLastLf : State::kBroken;
    case State::kLastLf:
      return byte == '\n' ? State::kComplete : State::kBroken;
    case State::kComplete:
    case State::kBroken:
      return State::kBroken;
  }
  return State::kBroken;
}

TestViewer::TestViewer(Style style, bool chunked, StreamStart start)
    : Viewer(style, chunked, std::move(start)), transcript(std::make_shared<Transcript>()) {
  transcript->chunked = chunked;
  transcript->coding = style.coding;
}

int64_t TestViewer::Write(std::span<const iovec> parts) {
  ++writes;
  if (on_write) on_write();
  if (broken) return -1;
  size_t left = std::min(room, write_bytes);
  int64_t sent = 0;
  for (const iovec& part : parts) {
    const size_t taken = std::min(left, part.iov_len);
    const std::string_view bytes(static_cast<const char*>(part.iov_base), taken);
    transcript->raw.append(bytes);
    if (transcript->chunked) transcript->chunks.Feed(bytes);
    left -= taken;
    if (room != SIZE_MAX) room -= taken;
    sent += static_cast<int64_t>(taken);
  }
  EXPECT_FALSE(transcript->chunks.Broken()) << transcript->raw;
  return sent;
}

void TestViewer::TellGap(std::string& out, const LogInfo& info, Position from, Position to,
                         GapCause cause) {
  out.append("gap ").append(info.incarnation).append(" ").append(std::to_string(from));
  out.append(" ").append(std::to_string(to)).append(" ");
  out.append(GapCauseName(cause)).append("\n");
}

void TestViewer::TellReset(std::string& out, const LogInfo& info, ResetCause cause) {
  out.append("reset ").append(info.incarnation);
  out.append(cause == ResetCause::kAhead ? " ahead\n" : " recreated\n");
}

void TestViewer::TellEnd(std::string& out, const LogInfo& info) {
  out.append("end ").append(info.incarnation).append(" ");
  out.append(std::to_string(info.position)).append("\n");
}

void TestViewer::OnFinished() {
  ++transcript->finished;
  if (const auto gone = on_gone) gone();  // a copy, which outlives the viewer
}

void TestViewer::OnAborted() {
  ++transcript->aborted;
  if (const auto gone = on_gone) gone();  // a copy, which outlives the viewer
}

ChunkPtr TestChunk(Position begin, const std::vector<std::string>& texts) {
  auto chunk = std::make_shared<Chunk>();
  chunk->begin = begin;
  chunk->end = begin + texts.size();
  chunk->encoded = RunOf(texts).encoded;
  return chunk;
}

LogInfo TestInfo(uint64_t number, Position position, Position first) {
  LogInfo info;
  info.key = Rig::Key();
  info.number = number;
  info.incarnation = "log" + std::to_string(number);
  info.first = first;
  info.position = position;
  info.updated = static_cast<TimeNs>(position);
  return info;
}

// ------------------------------------------------------------------------------------------------
// One worker

Rig::Rig(const FeedLimits& limits, SegmentFiles* files)
    : store(OptionsFor(clock)),
      hub(store, {[this](HubDelivery delivery) { inbox.push_back(std::move(delivery)); }}),
      table(0, store, hub, renderer, limits, pool.Runner(), files) {
  store.SetCommitListener([this](const std::vector<Commit>& commits) {
    if (on_commit) {
      for (const Commit& commit : commits) on_commit(commit);
    }
    hub.Publish(commits);
  });
}

Rig::~Rig() {
  for (const auto& viewer : viewers) table.Detach(*viewer);
}

const LogKey& Rig::Key() {
  static const LogKey kKey{"deploy", "1"};
  return kKey;
}

const LogKey& Rig::Other() {
  static const LogKey kKey{"deploy", "2"};
  return kKey;
}

LogInfo Rig::Append(size_t entries, const LogKey& key) {
  std::vector<std::string> texts;
  const Position begin = appended_[key];
  for (size_t i = 0; i < entries; ++i) texts.push_back(std::to_string(begin + i));
  return AppendTexts(texts, false, key);
}

LogInfo Rig::AppendTexts(const std::vector<std::string>& texts, bool end, const LogKey& key) {
  AppendRequest request{.key = key, .run = RunOf(texts)};
  if (end) request.end = Outcome{};
  const auto answer = Await<AppendAnswer>(store, &LogStore::Append, std::move(request));
  CHECK(answer.has_value());
  appended_[key] = answer->position;
  return Info(key);
}

void Rig::Create(const LogKey& key) {
  CHECK(Await<CreateRequest::Answer>(store, &LogStore::Create, CreateRequest{.key = key}));
  appended_[key] = 0;
}

void Rig::End(const LogKey& key) {
  CHECK(Await<LogInfo>(store, &LogStore::End, EndRequest{.key = key}));
}

void Rig::Remove(const LogKey& key) {
  CHECK(Await<LogInfo>(store, &LogStore::Remove, RemoveRequest{.key = key}));
  appended_[key] = 0;
}

void Rig::CutAll() {
  clock.now += static_cast<TimeNs>(kMaxAgeSeconds + 1) * kSecondNs;
  CHECK(store.ApplyRetention());
}

TestViewer& Rig::NewViewer(StreamStart start, Style style, bool chunked) {
  viewers.push_back(std::make_unique<TestViewer>(style, chunked, std::move(start)));
  return *viewers.back();
}

TestViewer& Rig::Join(StreamStart start, const LogKey& key, Style style, bool chunked) {
  TestViewer& viewer = NewViewer(std::move(start), style, chunked);
  table.Attach(key, viewer);
  return viewer;
}

void Rig::Drop(TestViewer& viewer) {
  table.Detach(viewer);
  std::erase_if(viewers, [&](const auto& held) { return held.get() == &viewer; });
}

void Rig::Deliver(size_t deliveries) {
  for (; deliveries > 0 && !inbox.empty(); --deliveries) {
    table.Apply(inbox.front());
    inbox.pop_front();
  }
}

size_t Rig::Turns() {
  constexpr size_t kLivelock = 10'000;
  size_t turns = 1;
  while (table.RunTurn() && turns < kLivelock) ++turns;
  EXPECT_LT(turns, kLivelock) << "turns without an end";
  return turns;
}

void Rig::Settle() {
  constexpr size_t kLivelock = 10'000;
  size_t rounds = 0;
  do {
    Deliver();
    pool.RunAll();
    Turns();
  } while ((pool.Waiting() > 0 || !inbox.empty()) && ++rounds < kLivelock);
  EXPECT_LT(rounds, kLivelock) << "reads without an end";
}

void Rig::Open(TestViewer& viewer, size_t bytes) {
  viewer.room = bytes;
  table.Writable(viewer);
}

std::string Rig::Lines(Position begin, Position end, const LogKey& key) {
  const std::string incarnation = Info(key).incarnation;
  std::string lines;
  for (Position n = begin; n < end; ++n) {
    const std::string number = std::to_string(n);
    lines.append(incarnation).append(" ").append(number).append(" ").append(number).append("\n");
  }
  return lines;
}

LogInfo Rig::Info(const LogKey& key) {
  const bool unreadable = std::exchange(store.unreadable, false);
  const auto info = store.Stat(key);
  store.unreadable = unreadable;
  --store.stats;
  CHECK(info.has_value());
  return *info;
}

}  // namespace tailrace
