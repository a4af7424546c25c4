#include "source/kubernetes/life_reader.h"

#include <algorithm>
#include <utility>

namespace tailrace {
namespace {

// "containerd://ID" as ID.
std::string BareId(std::string_view id) {
  const size_t scheme = id.find("://");
  return std::string(scheme == std::string_view::npos ? id : id.substr(scheme + 3));
}

}  // namespace

LifeReader::LifeReader(ResumePoint& point, LineSink& sink, const LifeReadOptions& options)
    : point_(point),
      sink_(sink),
      options_(options),
      filter_(point, options.whole),
      parser_(BareId(point.container_id), [this](const LogPiece& piece) { OnPiece(piece); }),
      split_(options.redactor, options.entry_bytes) {}

void LifeReader::Feed(std::string_view bytes) {
  if (halt_ != Halt::kNone) return;
  parser_.Feed(bytes);
  HandOn();
}

std::string LifeReader::Finish() {
  if (halt_ != Halt::kNone) return {};
  std::string said = parser_.Finish();
  if (point_.pieces > 0) CloseUnfinished();
  HandOn();
  return said;
}

void LifeReader::HandOn() {
  if (run_.Empty()) return;
  sink_.Take(run_);
  run_.encoded.clear();
  run_.count = run_.text_bytes = 0;
}

void LifeReader::OnPiece(const LogPiece& piece) {
  if (halt_ != Halt::kNone || (piece.begins && !BeginLine(piece)) || skip_line_) return;
  Entry entry{.time = time_, .text = piece.text, .source = options_.source};
  bytes_ += piece.text.size();
  EntryRun of_line;
  EntryRun& out = skip_entries_ > 0 ? of_line : run_;
  const uint64_t before = out.count;
  if (!piece.begins || !piece.ends) {
    pending_.append(piece.text);
    entry.text = pending_;
  }
  if (piece.ends) {
    split_.AddWhole(out, entry);
    pending_.clear();
    if (pending_.capacity() > LogStreamParser::kHeldBytes) pending_.shrink_to_fit();
  } else if (pending_.size() > options_.entry_bytes) {
    entry.text = {};
    split_.AddFront(out, entry, pending_);
  }
  entries_ += out.count - before;
  if (skip_entries_ > 0) AddBehindSkipped(of_line);
  if (piece.ends) {
    point_.Saw(time_, bytes_);
  } else {
    point_.pieces = std::max(point_.pieces, entries_);
  }
}

void LifeReader::AddBehindSkipped(const EntryRun& of_line) {
  EntryReader reader(of_line.encoded);
  Entry entry;
  while (reader.Next(entry)) {
    if (skip_entries_ > 0) {
      --skip_entries_;
    } else {
      run_.Add(entry);
    }
  }
}

bool LifeReader::BeginLine(const LogPiece& piece) {
  time_ = piece.time != 0 ? piece.time : point_.latest;
  if (!std::exchange(any_line_, true) && options_.until && time_ >= *options_.until) {
    halt_ = Halt::kOtherLife;
    return false;
  }
  skip_line_ = time_ < options_.since || (options_.last != 0 && time_ > options_.last);
  if (skip_line_) return true;
  const ResumeFilter::Verdict verdict = filter_.Next(time_);
  skip_line_ = verdict == ResumeFilter::Verdict::kSeen;
  if (verdict == ResumeFilter::Verdict::kEarlierLife) {
    halt_ = Halt::kEarlierLife;
    return false;
  }
  if (verdict == ResumeFilter::Verdict::kElsewhere) {
    if (!options_.on_gap) {
      halt_ = Halt::kElsewhere;
      return false;
    }
    if (point_.pieces > 0) CloseUnfinished();
    HandOn();
    point_.SawGap();
    options_.on_gap();
  }
  skip_entries_ = skip_line_ ? 0 : point_.pieces;
  entries_ = 0;
  bytes_ = 0;
  return true;
}

// Its last entry is marked as one that goes on.
void LifeReader::CloseUnfinished() {
  run_.Add(Entry{.time = point_.latest, .source = options_.source});
  point_.Saw(point_.latest, 0);
}

}  // namespace tailrace
