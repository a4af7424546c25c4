#include "bench/load/exchange.h"

#include <cerrno>
#include <charconv>
#include <utility>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

Target WithHttp1(Target target) {
  target.http2 = false;
  return target;
}

}  // namespace

Exchange::Exchange(const Target& target, size_t index)
    : transport_(ConnectLoopback(target.port, index), WithHttp1(target)) {}

void Exchange::Start(std::string& request) {
  std::swap(request_, request);
  sent_ = 0;
  answer_.clear();
  busy_ = true;
}

void Exchange::Continue(std::string& more) {
  std::swap(request_, more);
  sent_ = 0;
}

bool Exchange::Advance() {
  if (!busy_) return false;
  while (Sending()) {
    const ssize_t sent = transport_.Send(std::string_view(request_).substr(sent_));
    if (sent < 0 && errno != EAGAIN) Die("a request could not be sent");
    if (sent <= 0) break;
    sent_ += static_cast<size_t>(sent);
  }
  // Also while it sends: a handshake needs both, and a refusal may come early.
  while (!Complete()) {
    char bytes[4096];
    const ssize_t got = transport_.Receive(bytes, sizeof bytes);
    if (got < 0 && errno == EAGAIN) return false;
    if (got <= 0) Die("the server closed a connection under a request");
    answer_.append(bytes, static_cast<size_t>(got));
  }
  errno = 0;
  if (answer_.compare(9, 1, "2") != 0) Die("refused: " + answer_);
  if (Sending()) Die("answered before it was sent: " + answer_);
  busy_ = false;
  return true;
}

bool Exchange::Complete() const {
  const std::string_view answer = answer_;
  const size_t head_end = answer.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return false;
  const std::string_view head = answer.substr(0, head_end + 2);
  const std::string_view length = HeaderValue(head, "content-length");
  if (length.empty()) {
    const bool chunked = HeaderValue(head, "transfer-encoding") == "chunked";
    return !chunked || answer.ends_with("0\r\n\r\n");
  }
  uint64_t body_bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  return answer.size() - head_end - 4 >= body_bytes;
}

}  // namespace tailrace::bench
