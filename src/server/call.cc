#include "server/call.h"

#include "base/text.h"

namespace tailrace {
namespace {

std::unexpected<Error> BadParameter(std::string_view name, std::string_view allowed) {
  Error error{ErrorCode::kInvalid, std::string(name) + ": must be " + std::string(allowed)};
  error.field = name;
  return Fail(std::move(error));
}

class CollectingSink final : public BodySink {
 public:
  CollectingSink(Reply reply, size_t limit, std::function<void(std::string)> done)
      : reply_(reply), limit_(limit), done_(std::move(done)) {}

  void OnBody(std::string_view bytes) override {
    if (body_.size() + bytes.size() > limit_) {
      Problem problem =
          ProblemFrom({ErrorCode::kTooLarge, "the body is too large for this request"});
      problem.limit = limit_;
      reply_.Send(ProblemAnswer(problem));
      return;
    }
    body_.append(bytes);
  }
  void OnEnd() override {
    ended_ = true;
    done_(std::move(body_));
  }
  void OnStop(const Problem& problem) override {
    if (!ended_) reply_.Send(ProblemAnswer(problem));  // else it is carried out and answered
  }

 private:
  Reply reply_;
  size_t limit_;
  std::function<void(std::string)> done_;
  std::string body_;
  bool ended_ = false;
};

class LogPass final : public AnswerPass {
 public:
  LogPass(StreamPass pass, std::shared_ptr<const LogInfo> log)
      : pass_(std::move(pass)), log_(std::move(log)) {}
  bool Holds() const override { return pass_.MayRead(*log_); }

 private:
  StreamPass pass_;
  std::shared_ptr<const LogInfo> log_;
};

}  // namespace

Result<std::optional<uint64_t>> DecimalParameter(const Query& query, std::string_view name) {
  const auto text = query.Find(name);
  if (!text) return std::nullopt;
  const auto value = ParseDecimal(*text);
  if (!value) return BadParameter(name, "a decimal number");
  return value;
}

Result<std::optional<bool>> FlagParameter(const Query& query, std::string_view name) {
  const auto text = query.Find(name);
  if (!text) return std::nullopt;
  if (*text == "1" || *text == "true") return true;
  if (*text == "0" || *text == "false") return false;
  return BadParameter(name, "0 or 1");
}

void GuardAnswer(Answer& answer, Gate& gate, const IdentityPtr& identity) {
  if (answer.source == nullptr || answer.about == nullptr) return;
  answer.pass = std::make_unique<LogPass>(gate.Watch(identity), answer.about);
  if (answer.pass->Holds()) return;
  // It was lost, or came into doubt, while the answer was made: the next request is told which.
  answer = ProblemAnswer({ErrorCode::kUnavailable, "the right to this log has changed; repeat"});
}

ContentCoding PreferredCoding(const Call& call) {
  // The bytes of a range are those of the plain form.
  const bool plain = !call.worker.config().compress || call.head.headers.Has("Range");
  return plain ? ContentCoding::kIdentity : ChooseJoinedCoding(call.head.headers);
}

void CollectBody(Call& call, size_t limit, std::function<void(std::string)> done) {
  call.exchange.SetSink(std::make_unique<CollectingSink>(call.reply, limit, std::move(done)));
}

}  // namespace tailrace
