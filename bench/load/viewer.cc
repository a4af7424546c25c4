#include "bench/load/viewer.h"

#include <cerrno>

#include "bench/load/options.h"
#include "bench/wire.h"

namespace tailrace::bench {

Viewer::Viewer(size_t number, size_t log, const ViewerPlan& plan, Tally& tally)
    : plan_(plan),
      tally_(tally),
      number_(static_cast<uint32_t>(number)),
      log_(static_cast<uint32_t>(log)),
      checker_(plan.form, plan.from) {}

std::string Viewer::Path() const {
  return PathOf(plan_.path, log_);
}

void Viewer::Die(const std::string& problem) const {
  errno = 0;
  bench::Die("viewer " + std::to_string(number_) + " of " + Path() + ": " + problem + ", behind " +
             std::to_string(checker_.entries()) + " entries");
}

void Viewer::OnHead(int status, const std::string& coding) {
  if (status != 200) Die("status " + std::to_string(status));
  if (!coding.empty() && coding != "identity") {
    if (checked()) decoder_ = BodyDecoder::For(coding);
    if (coding != plan_.accept_coding) Die("an unexpected coding: " + coding);
  } else if (!plan_.accept_coding.empty()) {
    Die("no " + plan_.accept_coding);
  }
  ++tally_.opened;
}

void Viewer::OnBody(std::string_view bytes) {
  if (!checked()) return;
  if (decoder_ == nullptr) return Check(bytes);
  static std::string plain;  // one thread; its memory is kept
  plain.clear();
  if (!decoder_->Decode(bytes, plain)) Die("the coded bytes are damaged");
  Check(plain);
}

void Viewer::OnEnd(bool whole) {
  over_ = true;
  ++tally_.ended;
  if (!plan_.may_end) Die("the stream ended");
  if (!whole) Die("the stream was cut");
  if (checked() && plan_.form == Form::kTailrace && !checker_.ended()) Die("no end was told");
  if (decoder_ != nullptr && !decoder_->AtEnd()) Die("the coded bytes were cut");
}

void Viewer::Check(std::string_view plain) {
  if (plan_.save != nullptr) std::fwrite(plain.data(), 1, plain.size(), plan_.save);
  const uint64_t before = checker_.entries();
  if (!checker_.Take(plain)) Die(checker_.Problem());
  tally_.entries += checker_.entries() - before;
  if (tally_.due_ns == nullptr || checker_.entries() == before) return;
  const uint64_t now_ns = NowNs();
  for (uint64_t n = before; n < checker_.entries(); ++n) {
    tally_.latencies_ns.push_back(now_ns - tally_.due_ns->at(n));
  }
}

}  // namespace tailrace::bench
