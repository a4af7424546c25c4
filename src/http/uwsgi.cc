#include "http/uwsgi.h"

#include <algorithm>

#include "http/uwsgi_head.h"

namespace tailrace {
namespace {

constexpr size_t kHeaderBytes = 4;

}  // namespace

size_t UwsgiParser::Consume(std::string_view bytes, RequestEvents& events) {
  size_t consumed = 0;
  paused_ = false;
  while (!Failed() && !paused_) {
    const std::string_view rest = bytes.substr(consumed);
    const bool goes_on = (phase_ == Phase::kVariables && variables_size_ == 0) ||
                         (phase_ == Phase::kBody && body_left_ == 0);
    if (rest.empty() && !goes_on) break;
    switch (phase_) {
      case Phase::kHeader:
        consumed += ConsumeHeader(rest);
        break;
      case Phase::kVariables:
        consumed += ConsumeVariables(rest, events);
        break;
      case Phase::kBody:
        consumed += ConsumeBody(rest, events);
        break;
      case Phase::kOver:
        return bytes.size();
    }
  }
  return consumed;
}

size_t UwsgiParser::ConsumeHeader(std::string_view bytes) {
  const std::string_view part = bytes.substr(0, kHeaderBytes - head_.size());
  head_.append(part);
  // Both ends of the header are zero; any other protocol's first byte is not.
  if (head_[0] != 0 || (head_.size() == kHeaderBytes && head_[3] != 0)) {
    Fail({400, "this port speaks the uwsgi protocol (nginx's uwsgi_pass) and nothing else"});
  } else if (head_.size() == kHeaderBytes) {
    variables_size_ =
        static_cast<uint8_t>(head_[1]) | static_cast<size_t>(static_cast<uint8_t>(head_[2])) << 8;
    head_.clear();
    phase_ = Phase::kVariables;
    if (variables_size_ > limits_->head_bytes) {
      Fail({431, "the head is longer than " + std::to_string(limits_->head_bytes) + " bytes"});
    }
  }
  return part.size();
}

size_t UwsgiParser::ConsumeVariables(std::string_view bytes, RequestEvents& events) {
  const std::string_view part = bytes.substr(0, variables_size_ - head_.size());
  head_.append(part);
  if (head_.size() < variables_size_) return part.size();
  RequestHead head;
  std::optional<HeadFault> fault = UwsgiHeadBuilder::Build(head_, *limits_, head);
  head_ = std::string();
  if (fault) {
    Fail(std::move(*fault));
    return part.size();
  }
  body_left_ = head.content_length.value_or(0);
  phase_ = Phase::kBody;
  events.OnHead(std::move(head));
  return part.size();
}

size_t UwsgiParser::ConsumeBody(std::string_view bytes, RequestEvents& events) {
  if (body_left_ == 0) {
    phase_ = Phase::kOver;
    events.OnComplete();
    return 0;
  }
  const std::string_view part = bytes.substr(0, std::min<uint64_t>(body_left_, bytes.size()));
  body_left_ -= part.size();
  events.OnBody(part);
  return part.size();
}

void UwsgiParser::Fail(HeadFault fault) {
  error_ = std::make_unique<RequestError>();
  error_->status = fault.status;
  error_->reason = std::move(fault.reason);
  head_ = std::string();
  phase_ = Phase::kOver;
}

}  // namespace tailrace
