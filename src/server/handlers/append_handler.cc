// POST …/entries: the body goes into the store while it comes in.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "http/coding.h"
#include "ingest/body_parser.h"
#include "server/handlers/handlers.h"

namespace tailrace {
namespace {

constexpr size_t kRunBytes = 1 << 20;  // more waits in the client while a commit is under way
constexpr size_t kDecodeRoom = 64 << 10;

struct AppendOptions {
  LogKey key;
  std::optional<ProducerMark> producer;
  std::optional<Outcome> end;
  bool length_known = false;  // of the body
};

// One append commits at a time; what comes meanwhile is the next one. So a chunked body, which may
// be a job's output, is stored line by line while it is slow and in large runs while it is fast,
// without a timer. A body that told its length is on its way already and is not stored in pieces
// smaller than kRunBytes. A few compressed bytes may become gigabytes: no more of them is decoded
// than one run takes.
class AppendSink final : public BodySink {
 public:
  AppendSink(Reply reply, AppendOptions options, std::unique_ptr<BodyParser> parser,
             std::unique_ptr<ContentDecoder> decoder)
      : reply_(reply),
        options_(std::move(options)),
        parser_(std::move(parser)),
        decoder_(std::move(decoder)) {}

  // The client is gone: whole entries that it sent are as good as those before them.
  ~AppendSink() override {
    if (!finished_ && !run_.Empty()) Submit(true);
  }

  void OnBody(std::string_view bytes) override {
    if (problem_) return;
    if (decoder_) {
      coded_.append(bytes);
      decodable_ = true;
      Decode();
    } else {
      Parse(bytes);
    }
    if (committing_ && HasEnough()) reply_.HoldBody(true);
  }

  void OnPause() override { Act(); }

  void OnEnd() override {
    ended_ = true;
    FinishParsing();
  }

  void OnStop(const Problem& problem) override {
    if (!problem_ && !ended_) problem_ = problem;
    Act();
  }

 private:
  static TimeNs Now() { return Clock::System().Now(); }

  bool HasEnough() const { return run_.encoded.size() >= kRunBytes || decodable_; }

  void Note(const Result<void>& result) {
    if (!result && !problem_) problem_ = ProblemFrom(result.error());
  }

  void Parse(std::string_view bytes) { Note(parser_->Feed(bytes, Now(), run_)); }

  // Of what has come, as much as fits into a run.
  void Decode() {
    std::string_view rest = coded_;
    std::string plain;
    while (decodable_ && !problem_ && run_.encoded.size() < kRunBytes) {
      plain.clear();
      const Result<bool> decoded = decoder_->Decode(rest, plain, kDecodeRoom);
      Parse(plain);  // what came out before an error is as good as what came before it
      if (!decoded) Note(Fail(decoded.error()));
      decodable_ = decoded.value_or(false);
    }
    coded_.erase(0, coded_.size() - rest.size());
  }

  void FinishParsing() {
    if (!ended_ || decodable_ || problem_ || parsed_all_) return;
    if (decoder_) Note(decoder_->Finish());
    if (!problem_) Note(parser_->Finish(Now(), run_));
    parsed_all_ = true;
  }

  // Stores what there is; answers when all is stored, which may be the end of this object.
  void Act() {
    if (committing_ || finished_) return;
    if (decodable_) {
      Decode();
      FinishParsing();
    }
    const bool body_done = parsed_all_ || problem_.has_value();
    const bool waits_for_more = options_.length_known && !body_done && !HasEnough();
    const bool last_words = parsed_all_ && !problem_ && (options_.end || !answer_);
    if (!waits_for_more && (!run_.Empty() || (last_words && !said_last_words_))) {
      Submit(false);
      reply_.HoldBody(HasEnough());
    } else if (body_done) {
      Finish();
    } else {
      reply_.HoldBody(false);
    }
  }

  void Submit(bool alone) {
    AppendRequest request;
    request.key = options_.key;
    request.producer = options_.producer;
    if (options_.producer) options_.producer->sequence += run_.count;
    if (parsed_all_ && !problem_) {
      request.end = options_.end;
      said_last_words_ = true;
    }
    request.run = std::exchange(run_, {});
    if (alone) {
      request.done = [](const Result<AppendAnswer>&) {};
    } else {
      committing_ = true;
      request.done = OnWorker<Result<AppendAnswer>>(
          reply_, [this](const Reply& to, const Result<AppendAnswer>& answer) {
            // While the exchange waits for its answer, its sink is alive.
            if (to.Find() != nullptr) OnCommitted(answer);
          });
    }
    reply_.worker().store().Append(std::move(request));
  }

  void OnCommitted(const Result<AppendAnswer>& answer) {
    committing_ = false;
    if (!answer) {
      problem_ = ProblemFrom(answer.error());
      run_ = {};
      Finish();
      return;
    }
    stored_ += answer->stored;
    answer_ = *answer;
    Act();
  }

  void Finish() {
    finished_ = true;
    if (problem_) {
      problem_->stored = stored_;
      reply_.Send(ProblemAnswer(*problem_));
      return;
    }
    reply_.Send(JsonAnswer(200, "{\"incarnation\":\"" + answer_->incarnation +
                                    "\",\"position\":" + std::to_string(answer_->position) +
                                    ",\"stored\":" + std::to_string(stored_) + "}\n"));
  }

  Reply reply_;
  AppendOptions options_;
  std::unique_ptr<BodyParser> parser_;
  std::unique_ptr<ContentDecoder> decoder_;
  std::string coded_;  // not decoded yet
  EntryRun run_;
  std::optional<AppendAnswer> answer_;  // of the last commit
  std::optional<Problem> problem_;      // what ends this request, once what came before is stored
  uint64_t stored_ = 0;
  bool committing_ = false;
  bool decodable_ = false;   // there is, or may be, more to come out of decoder_
  bool ended_ = false;       // the body is complete
  bool parsed_all_ = false;  // and is in run_ or stored, but for what a problem hides
  bool said_last_words_ = false;
  bool finished_ = false;
};

Result<std::optional<ProducerMark>> ParseProducer(const Headers& headers) {
  const auto name = headers.Find("Tailrace-Producer");
  const auto sequence = headers.Find("Tailrace-Sequence");
  if (!name && !sequence) return std::nullopt;
  if (!name || !sequence) {
    return FailField(ErrorCode::kInvalid, name ? "Tailrace-Sequence" : "Tailrace-Producer",
                     "Tailrace-Producer and Tailrace-Sequence must come together");
  }
  const bool printable = std::ranges::all_of(*name, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (name->empty() || name->size() > kMaxProducerBytes || !printable) {
    return FailField(ErrorCode::kInvalid, "Tailrace-Producer",
                     "Tailrace-Producer: must be 1 to 256 printable ASCII characters");
  }
  const auto number = ParseDecimal(*sequence);
  if (!number) {
    return FailField(ErrorCode::kInvalid, "Tailrace-Sequence",
                     "Tailrace-Sequence: must be a decimal number");
  }
  return ProducerMark{std::string(*name), *number};
}

Result<AppendOptions> ParseAppendOptions(const Call& call) {
  AppendOptions options{.key = call.key, .length_known = !call.head.chunked};
  Result<std::optional<ProducerMark>> producer = ParseProducer(call.head.headers);
  if (!producer) return Fail(producer.error());
  options.producer = std::move(*producer);
  if (const auto end = call.query.Find("end")) {
    const auto kind = ParseOutcomeKind(*end);
    if (!kind) {
      return FailField(ErrorCode::kInvalid, "end",
                       "end: must be succeeded, failed, cancelled or lost");
    }
    options.end = Outcome{.kind = *kind};
  }
  return options;
}

Error BusyError(const StoreStats& stats) {
  if (stats.failed) return {ErrorCode::kUnavailable, "the store takes no writes: " + stats.failure};
  if (!stats.waiting.empty()) {
    return {ErrorCode::kOverloaded, "too much is waiting for the store: " + stats.waiting};
  }
  return {ErrorCode::kOverloaded, "too much is waiting for the disk"};
}

}  // namespace

void HandleAppend(Call& call) {
  Result<AppendOptions> options = ParseAppendOptions(call);
  if (!options) {
    call.reply.Send(ProblemAnswer(options.error()));
    return;
  }
  if (call.worker.draining()) {
    call.reply.Send(ProblemAnswer(Error{ErrorCode::kUnavailable, "the server is stopping"}));
    return;
  }
  const StoreStats stats = call.worker.store().Stats();
  if (stats.failed || stats.pending_bytes >= stats.pending_limit_bytes) {
    call.reply.Send(ProblemAnswer(BusyError(stats)));
    return;
  }
  const LimitConfig& limits = call.worker.config().limits;
  BodyLimits body_limits;
  body_limits.entry_bytes = limits.entry_bytes;
  body_limits.object_bytes = limits.body_bytes;
  auto parser = MakeBodyParser(call.head.headers.Find("Content-Type").value_or(""), body_limits,
                               call.worker.shared().redactor);
  if (parser == nullptr) {
    Answer answer = ProblemAnswer(
        ProblemFrom(415, "Content-Type: must be one of " + std::string(kAcceptedBodyTypes)));
    answer.headers.Add("Accept-Post", kAcceptedBodyTypes);
    call.reply.Send(std::move(answer));
    return;
  }
  const auto coding = ParseContentEncoding(call.head.headers);
  if (!coding) {
    Answer answer = ProblemAnswer(
        ProblemFrom(415, "Content-Encoding: must be " + std::string(kAcceptedContentCodings)));
    answer.headers.Add("Accept-Encoding", kAcceptedContentCodings);
    call.reply.Send(std::move(answer));
    return;
  }
  std::unique_ptr<ContentDecoder> decoder;
  if (*coding != ContentCoding::kIdentity) {
    decoder = MakeContentDecoder(*coding, call.head.chunked ? UINT64_MAX : limits.body_bytes);
  }
  call.exchange.SetSink(std::make_unique<AppendSink>(call.reply, std::move(*options),
                                                     std::move(parser), std::move(decoder)));
}

}  // namespace tailrace
