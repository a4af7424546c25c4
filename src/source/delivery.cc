#include "source/delivery.h"

#include <algorithm>

#include "base/base64.h"
#include "base/check.h"
#include "base/text.h"

namespace tailrace {
namespace {

// A server that is away for a moment (a restart) is not worth a message.
constexpr int kFailuresBeforeSaying = 3;
// After a 413, so many batches go through before larger ones are tried again.
constexpr int kGoodBatchesBeforeGrowing = 8;
// A batch of DeliveryLimits::batch_bytes rarely has more.
constexpr uint64_t kMostEntries = 10'000;
// The largest Retry-After that is obeyed.
constexpr uint64_t kLongestRetryAfterMs = 60'000;

void AppendEntryLine(std::string& out, const Entry& entry, uint64_t also_lost) {
  out.append("{\"time\":");
  if (entry.time < 0) out.push_back('-');
  AppendDecimal(out, entry.time < 0 ? 0 - static_cast<uint64_t>(entry.time)
                                    : static_cast<uint64_t>(entry.time));
  if (!entry.stream.empty()) {
    out.append(",\"stream\":");
    AppendJsonString(out, entry.stream);
  }
  if (entry.partial) out.append(",\"partial\":true");
  if (entry.lost || also_lost > 0) {
    const bool unknown = entry.lost == kLostUnknown;
    out.append(",\"lost\":");
    out.append(unknown ? "null" : std::to_string(entry.lost.value_or(0) + also_lost));
  }
  if (IsValidUtf8(entry.text)) {
    out.append(",\"text\":");
    AppendJsonString(out, entry.text);
    out.append("}\n");
  } else {  // JSON has no other way to say such bytes.
    out.append(",\"text_base64\":\"");
    AppendBase64(out, entry.text);
    out.append("\"}\n");
  }
}

std::string CreateBody(const SpoolMeta& meta) {
  if (meta.title.empty()) return "{}";
  std::string body = "{\"title\":";
  AppendJsonString(body, meta.title);
  return body + "}";
}

std::string EndBody(const Outcome& outcome) {
  std::string body = "{";
  AppendOutcomeFields(body, outcome);
  return body + "}";
}

// Worth repeating as it is: the request may find another server, or the same one in a better state.
bool IsPassing(int status) {
  return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
}

}  // namespace

Delivery::Delivery(Spool& spool, Random& random, DeliveryLimits limits, Say say)
    : spool_(spool), random_(random), limits_(limits), say_(std::move(say)) {}

DeliveryStep Delivery::Next(int64_t now_ms) {
  using Kind = DeliveryStep::Kind;
  if (stage_ == Stage::kAppend && sent_count_ == 0 && !LoadBatch()) {
    if (stage_ == Stage::kAppend) return {.kind = Kind::kWaitData};
  }
  if (stage_ == Stage::kDone) return {.kind = Kind::kDone};
  if (stage_ == Stage::kFailed) return {.kind = Kind::kFailed};
  if (now_ms < not_before_ms_) {
    return {.kind = Kind::kWaitTime, .wait_ms = not_before_ms_ - now_ms};
  }
  switch (stage_) {
    case Stage::kCreate:
      body_ = CreateBody(spool_.Meta());
      return {.kind = Kind::kCreate, .body = &body_};
    case Stage::kEnd:
      body_ = EndBody(*batch_.outcome);
      return {.kind = Kind::kEnd, .body = &body_};
    default:
      return {.kind = Kind::kAppend, .body = &body_, .sequence = ServerSequence()};
  }
}

// False: there are no entries to send; then the stage may have moved on.
bool Delivery::LoadBatch() {
  auto batch = spool_.Read(limits_.batch_bytes);
  if (!batch) {
    Fail(batch.error().message);
    return false;
  }
  batch_ = std::move(*batch);
  if (batch_.count > 0) {
    BuildAppendBody();
    return true;
  }
  if (batch_.finished) stage_ = batch_.outcome ? Stage::kEnd : Stage::kDone;
  return false;
}

void Delivery::BuildAppendBody() {
  body_.clear();
  sent_count_ = 0;
  EntryReader reader(batch_.encoded);
  Entry entry;
  while (sent_count_ < max_entries_ && reader.Next(entry)) {
    AppendEntryLine(body_, entry, sent_count_ == 0 ? lost_ : 0);
    ++sent_count_;
  }
  if (sent_count_ == 0) Fail("the spool holds something that is not an entry");
}

void Delivery::OnReply(const DeliveryReply& reply, int64_t now_ms) {
  if (IsPassing(reply.status)) {
    Retry(reply, now_ms);
    return;
  }
  switch (stage_) {
    case Stage::kCreate:
      OnCreated(reply);
      break;
    case Stage::kAppend:
      OnAppended(reply, now_ms);
      break;
    case Stage::kEnd:
      OnEnded(reply);
      break;
    default:
      CHECK(false);
  }
}

void Delivery::OnCreated(const DeliveryReply& reply) {
  // An ended log may still know our entries: only the append can tell, so a conflict is no reason
  // to stop here.
  if (reply.status / 100 != 2 && reply.status != 409) return Refused(reply);
  Answered();
  stage_ = Stage::kAppend;
}

void Delivery::OnAppended(const DeliveryReply& reply, int64_t now_ms) {
  if (reply.status == 409) return OnConflict(reply, now_ms);
  if (reply.status == 413) return OnTooLarge(reply);
  if (reply.status / 100 != 2) return Refused(reply);
  Answered();
  // The limit may have been somebody's on the way who is gone, or of a few long lines.
  if (max_entries_ != UINT64_MAX && ++good_batches_ >= kGoodBatchesBeforeGrowing) {
    good_batches_ = 0;
    max_entries_ = max_entries_ > kMostEntries / 2 ? UINT64_MAX : max_entries_ * 2;
  }
  Complete(sent_count_);
}

// The first `count` entries of the batch are at the server; goes on behind them.
void Delivery::Complete(uint64_t count) {
  lost_ = 0;
  spool_.Acknowledge(batch_.first + count, spool_.Shift());
  sent_count_ = 0;
}

void Delivery::OnConflict(const DeliveryReply& reply, int64_t now_ms) {
  if (!reply.expected) return Refused(reply);
  Answered();
  const uint64_t sent = ServerSequence();
  const uint64_t expected = *reply.expected;
  if (expected > sent) {  // It has more than we knew of.
    return Complete(std::min(expected - sent, sent_count_));
  }
  if (expected == sent) return Retry(reply, now_ms);
  // It has less than it said it had: the log was deleted and made again. Those entries went with
  // the old one; the new one says that it is not complete.
  const uint64_t missing = sent - expected;
  say_.warn("the log was deleted or replaced while it was written; " + std::to_string(missing) +
            " lines are not in the new one");
  lost_ += missing;
  spool_.Acknowledge(batch_.first, spool_.Shift() + missing);
  sent_count_ = 0;
  stage_ = Stage::kCreate;  // The new log has to be told its title.
}

void Delivery::OnTooLarge(const DeliveryReply& reply) {
  Answered();
  good_batches_ = 0;
  if (sent_count_ > 1) {
    max_entries_ = sent_count_ / 2;
    BuildAppendBody();
    return;
  }
  say_.warn("the server refuses a line as too large (" + reply.problem + "); it is left out");
  const uint64_t lost = lost_ + 1;
  // The server's count does not move, ours does.
  spool_.Acknowledge(batch_.first + 1, spool_.Shift() + 1);
  lost_ = lost;
  sent_count_ = 0;
}

void Delivery::OnEnded(const DeliveryReply& reply) {
  if (reply.status / 100 == 2) {
    Answered();
    stage_ = Stage::kDone;
    return;
  }
  if (reply.status == 404) {  // Deleted since; making it again only to end it would help nobody.
    say_.warn("the log was deleted before it ended");
    stage_ = Stage::kDone;
    return;
  }
  Refused(reply);
}

void Delivery::Retry(const DeliveryReply& reply, int64_t now_ms) {
  ++failures_;
  const int doublings = std::min(failures_ - 1, 16);
  const int64_t longest = std::min(limits_.first_wait_ms << doublings, limits_.longest_wait_ms);
  const auto half = static_cast<uint64_t>(longest / 2);
  auto wait_ms = static_cast<int64_t>(half + random_.Between(0, half));
  if (reply.retry_after_ms) {
    // Jitter on top, so that not all come back in the same moment.
    const uint64_t asked = std::min(*reply.retry_after_ms, kLongestRetryAfterMs);
    wait_ms = std::max(wait_ms, static_cast<int64_t>(asked + random_.Between(0, asked / 4)));
  }
  not_before_ms_ = now_ms + wait_ms;
  if (failures_ != kFailuresBeforeSaying) return;
  away_said_ = true;
  say_.note(reply.problem + "; what is written is kept" +
            (spool_.Path().empty() ? " in memory" : " in " + spool_.Path()) +
            " and sent when the server is back");
}

void Delivery::Answered() {
  failures_ = 0;
  not_before_ms_ = 0;
  if (away_said_) say_.note("the server is back");
  away_said_ = false;
}

void Delivery::Refused(const DeliveryReply& reply) {
  const std::string log = spool_.Meta().key.Path();
  switch (reply.status) {
    case 401:
    case 403:
      return Fail(reply.problem + "; set TAILRACE_TOKEN to a token that may write to " + log);
    case 404:
    case 405:
      return Fail(reply.problem + "; is TAILRACE_URL (" + spool_.Meta().url +
                  ") a Tailrace server?");
    case 409:
      return Fail("the log " + log + " has ended already (" + reply.problem +
                  "); use another id, or delete it with `tailrace delete " + log + "`");
    default:
      return Fail("the server refuses what is sent: " + reply.problem);
  }
}

void Delivery::Fail(std::string problem) {
  problem_ = std::move(problem);
  stage_ = Stage::kFailed;
}

}  // namespace tailrace
