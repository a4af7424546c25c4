#include "bench/load/producer.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

#include "bench/mark.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

// An event as an HTTP/1.1 chunk: byte for byte what Tailrace writes to each viewer.
void AppendFramedEvent(std::string& out, const std::string& text, uint64_t sequence) {
  std::string event = "data: " + text;
  event.append("\nid: abcdefgh.").append(std::to_string(sequence + 1)).append("\n\n");
  char size_line[11];
  std::snprintf(size_line, sizeof size_line, "%08zx\r\n", event.size());
  out.append(size_line).append(event).append("\r\n");
}

}  // namespace

Producer::Producer(const Options& options, size_t index, size_t mark)
    : body_kind_(options.body),
      text_bytes_(options.text_bytes),
      requests_(options.requests),
      mark_(mark),
      path_(PathOf(options.post, index)),
      exchange_(options.target, index) {}

void Producer::Send(uint64_t entries) {
  if (prepared_ == 0) Prepare(entries);
  errno = 0;
  if (prepared_ != entries) Die("another body was prepared");
  sent_ += std::exchange(prepared_, 0);
  Go();
}

void Producer::Prepare(uint64_t entries) {
  uint64_t sequence = sent_;
  MakeBody(sequence, entries);
  request_ = PostRequest(path_, body_);
  prepared_ = entries;
}

void Producer::SendTo(const std::string& path, uint64_t& sequence, uint64_t entries) {
  MakeBody(sequence, entries);
  request_ = PostRequest(path, body_);
  Go();
}

void Producer::StartUpload() {
  request_ = "POST " + path_ +
             " HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\n"
             "Transfer-Encoding: chunked\r\n\r\n";
  Go();
}

void Producer::Upload(uint64_t entries) {
  MakeBody(sent_, entries);
  char size_line[20];
  std::snprintf(size_line, sizeof size_line, "%zx\r\n", body_.size());
  request_.assign(size_line).append(body_).append("\r\n");
  exchange_.Continue(request_);
  exchange_.Advance();
}

void Producer::EndUpload() {
  request_ = "0\r\n\r\n";
  exchange_.Continue(request_);
  exchange_.Advance();
}

void Producer::Go() {
  exchange_.Start(request_);
  exchange_.Advance();
}

void Producer::MakeBody(uint64_t& sequence, uint64_t entries) {
  body_.clear();
  for (uint64_t i = 0; i < entries; ++i) {
    if (body_kind_ == Body::kFramed) {
      std::string text;
      AppendText(text, sequence);
      AppendFramedEvent(body_, text, sequence++);
    } else {
      AppendText(body_, sequence++);
      if (body_kind_ == Body::kLines) body_.push_back('\n');
    }
  }
}

void Producer::AppendText(std::string& out, uint64_t sequence) const {
  if (requests_) {
    AppendMarkedRequest(out, mark_, sequence);
  } else {
    AppendMarkedText(out, mark_, sequence, text_bytes_);
  }
}

void Producer::Create(const std::string& path) {
  request_ = "PUT " + path + " HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n";
  Go();
}

uint64_t Producer::AnsweredPosition() const {
  constexpr std::string_view kMember = "\"position\":";
  const std::string& answer = exchange_.answer();
  const size_t at = answer.find(kMember);
  errno = 0;
  if (at == std::string::npos) Die("no position in " + answer);
  uint64_t position = 0;
  std::from_chars(answer.data() + at + kMember.size(), answer.data() + answer.size(), position);
  return position;
}

}  // namespace tailrace::bench
