#include "server/search_source.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/time.h"

namespace tailrace {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kPieceBytes = 64 << 10;  // a slice ends that has found so much

void AddNumber(std::string& out, std::string_view before, uint64_t number) {
  out.append(before);
  AppendDecimal(out, number);
}

std::string GapJson(const ReadItem& gap) {
  std::string json;
  AddNumber(json, "{\"from\":", gap.begin);
  AddNumber(json, ",\"to\":", gap.end);
  return json.append(",\"cause\":\"").append(GapCauseName(gap.cause)).append("\"}");
}

std::string_view CauseOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return "deleted";
    case ErrorCode::kUnavailable:
      return "unavailable";
    default:
      return "failed";
  }
}

}  // namespace

std::unique_ptr<SearchSlot> SearchSlot::Take(SearchLoad& load, uint64_t limit) {
  if (load.under_way.fetch_add(1) >= limit) {
    load.under_way.fetch_sub(1);
    load.refused.fetch_add(1);
    return nullptr;
  }
  load.started.fetch_add(1);
  return std::unique_ptr<SearchSlot>(new SearchSlot(load));
}

Result<std::string> SearchSource::Next() {
  std::string out;
  if (ended_) return out;
  const uint64_t cpu_ns = ThreadCpuNs();
  if (!std::exchange(begun_, true)) AddHead(out);
  RunSlice(out);
  const uint64_t spent_ns = ThreadCpuNs() - cpu_ns;
  slot_->load().cpu_ns.fetch_add(spent_ns);
  if (!ended_ && spent_ns > static_cast<uint64_t>(pace_.slowest.count())) {
    cause_ = "slow";
    Finish(out);
  }
  if (ended_) slot_.reset();
  return out;
}

void SearchSource::RunSlice(std::string& out) {
  const auto until = std::chrono::steady_clock::now() + pace_.slice;
  while (out.size() < kPieceBytes) {
    const Step step = Advance(out);
    if (step == Step::kDone) return Finish(out);
    if (step == Step::kLookAtClock && std::chrono::steady_clock::now() >= until) break;
  }
  AddProgress(out);
}

void SearchSource::Finish(std::string& out) {
  FlushGap(out);
  AddEnd(out);
  ended_ = true;
}

SearchSource::Step SearchSource::Advance(std::string& out) {
  if (!order_.count_all && told_ >= order_.limit) {
    cause_ = "limit";
    return Step::kDone;
  }
  if (scanning_) return Scan(out);
  if (next_ >= order_.end) return Step::kDone;
  if (item_ >= items_.size()) return Read(out);
  OpenItem(out, items_[item_]);
  return Step::kGoOn;
}

SearchSource::Step SearchSource::Scan(std::string& out) {
  const BlockScan::Step step = scan_.Advance();
  if (step == BlockScan::Step::kPause) return Step::kLookAtClock;
  if (step == BlockScan::Step::kMatch) {
    ++total_;
    if (told_ < order_.limit) AddMatch(out);
    return Step::kGoOn;
  }
  const Position end = std::min(items_[item_].end, order_.end);
  if (step == BlockScan::Step::kCorrupt) AddGap(out, scan_.Next(), end, GapCause::kDamaged);
  next_ = end;
  scanning_ = false;
  ++item_;
  return Step::kLookAtClock;
}

SearchSource::Step SearchSource::Read(std::string& /*out*/) {
  items_.clear();
  item_ = 0;
  Result<ReadAnswer> answer = store_.Read(info_.key, next_, kReadBytes);
  if (!answer) {
    cause_ = CauseOf(answer.error());
    return Step::kDone;
  }
  if (answer->info.number != info_.number || answer->items.empty()) {
    cause_ = "deleted";
    return Step::kDone;
  }
  items_ = std::move(answer->items);
  return Step::kLookAtClock;
}

void SearchSource::OpenItem(std::string& out, const ReadItem& item) {
  const Position begin = std::max(item.begin, next_);
  const Position end = std::min(item.end, order_.end);
  if (item.chunk == nullptr || begin >= end) {
    if (begin < end) AddGap(out, begin, end, item.cause);
    next_ = std::max(next_, end);
    ++item_;
    return;
  }
  FlushGap(out);
  scan_.Open(*item.chunk, begin, end);
  scanning_ = true;
}

// Gaps side by side are one.
void SearchSource::AddGap(std::string& out, Position begin, Position end, GapCause cause) {
  if (gap_ && (gap_->end != begin || gap_->cause != cause)) FlushGap(out);
  gap_ = ReadItem{.begin = gap_ ? gap_->begin : begin, .end = end, .cause = cause};
}

void SearchSource::FlushGap(std::string& out) {
  if (!gap_) return;
  const std::string json = GapJson(*std::exchange(gap_, std::nullopt));
  if (order_.form == SearchForm::kNdjson) {
    out.append("{\"gap\":").append(json).append("}\n");
  } else {
    if (!gaps_.empty()) gaps_.push_back(',');
    gaps_.append(json);
  }
}

void SearchSource::AddMatch(std::string& out) {
  const bool is_json = order_.form == SearchForm::kJson;
  if (is_json && told_ > 0) out.push_back(',');
  ++told_;
  AddNumber(out, "{\"n\":", scan_.Matched());
  out.append(",\"columns\":[");
  const EntryMatches found = scan_.FindAll();
  for (const Columns& columns : found.columns) {
    AddNumber(out, &columns == found.columns.data() ? "[" : ",[", columns.begin);
    AddNumber(out, ",", columns.end);
    out.push_back(']');
  }
  out.append(found.more ? "],\"more\":true}" : "]}");
  if (!is_json) out.push_back('\n');
}

void SearchSource::AddHead(std::string& out) const {
  out.append("{\"incarnation\":\"").append(info_.incarnation).append("\"");
  AddNumber(out, ",\"first\":", info_.first);
  AddNumber(out, ",\"position\":", info_.position);
  out.append(info_.HasEnded() ? ",\"state\":\"ended\"" : ",\"state\":\"open\"");
  AddNumber(out, ",\"from\":", order_.begin);
  AddNumber(out, ",\"to\":", order_.end);
  out.append(order_.form == SearchForm::kJson ? ",\"matches\":[" : "}\n");
}

void SearchSource::AddProgress(std::string& out) const {
  if (order_.form == SearchForm::kJson) {
    out.push_back('\n');
    return;
  }
  AddNumber(out, "{\"progress\":{\"position\":", Reached());
  AddNumber(out, ",\"total\":", total_);
  out.append("}}\n");
}

void SearchSource::AddEnd(std::string& out) const {
  const bool is_json = order_.form == SearchForm::kJson;
  if (is_json) {
    out.append("]");
    if (!gaps_.empty()) out.append(",\"gaps\":[").append(gaps_).append("]");
    out.append(",");
  } else {
    out.append("{\"end\":{");
  }
  out.append(cause_.empty() ? "\"complete\":true"
                            : "\"complete\":false,\"cause\":\"" + cause_ + "\"");
  AddNumber(out, ",\"searched\":", Reached());
  AddNumber(out, ",\"total\":", total_);
  out.append(is_json ? "}\n" : "}}\n");
}

}  // namespace tailrace
