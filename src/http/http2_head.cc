#include "http/http2_head.h"

#include <algorithm>

namespace tailrace {

void Http2HeadBuilder::Add(std::string_view name, std::string_view value,
                           const Http1Limits& limits) {
  size_ += name.size() + value.size() + kFieldOverhead;
  if (size_ > limits.head_bytes) {  // nothing is kept of a bomb
    head_ = {};
    fault_ =
        HeadFault{431, "the head is longer than " + std::to_string(limits.head_bytes) + " bytes"};
  }
  if (fault_) return;
  if (name == ":method") {
    method_ = value;
  } else if (name == ":scheme") {
    scheme_ = value;
  } else if (name == ":authority") {
    authority_ = value;
  } else if (name == ":path") {
    path_ = value;
  } else if (name == "cookie") {
    if (!cookies_.empty()) cookies_.append("; ");
    cookies_.append(value);
  } else if (head_.headers.Size() == limits.header_count) {
    fault_ = HeadFault{431, "more than " + std::to_string(limits.header_count) + " header fields"};
  } else {
    head_.headers.Add(name, value);
  }
}

void Http2HeadBuilder::Spoil(std::string_view name) {
  if (fault_) return;
  const bool visible = std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
  fault_ = HeadFault{
      400, "the header field " + (visible ? QuoteShort(name) : std::string()) + " is malformed"};
}

std::optional<HeadFault> Http2HeadBuilder::ReadPseudoFields(const Http1Limits& limits) {
  const std::optional<Method> method = ParseMethod(method_);
  if (!method) {
    return HeadFault{501, "the method " + QuoteShort(method_) + " is not supported"};
  }
  head_.method = *method;
  if (!EqualsIgnoreCase(scheme_, "http") && !EqualsIgnoreCase(scheme_, "https")) {
    return HeadFault{400, ":scheme is neither http nor https"};
  }
  if (path_.size() > limits.target_bytes) {
    return HeadFault{414,
                     "the target is longer than " + std::to_string(limits.target_bytes) + " bytes"};
  }
  // An absolute target is for HTTP/1.1 only (§8.3.1).
  if (!path_.starts_with('/') && path_ != "*") return HeadFault{400, ":path is not a path"};
  const bool visible = std::ranges::all_of(path_, [](char c) { return c > 0x20 && c < 0x7f; });
  if (!visible) return HeadFault{400, ":path has more than visible ASCII"};
  if (std::optional<HeadFault> fault = ReadTarget(path_, head_)) return fault;
  const std::string_view host = head_.headers.Find("host").value_or("");
  if (!authority_.empty() && !host.empty() && !EqualsIgnoreCase(authority_, host)) {
    return HeadFault{400, ":authority and Host differ"};
  }
  head_.host = authority_.empty() ? std::string(host) : authority_;
  if (head_.host.empty()) return HeadFault{400, ":authority is missing"};
  if (!IsHost(head_.host)) return HeadFault{400, ":authority is invalid"};
  return std::nullopt;
}

std::optional<HeadFault> Http2HeadBuilder::Finish(bool ended, const Http1Limits& limits,
                                                  RequestHead& head) {
  if (!fault_) fault_ = ReadPseudoFields(limits);
  if (!fault_) fault_ = ReadContentLength(limits.content_length, head_);
  if (fault_) return std::move(fault_);
  if (!cookies_.empty()) head_.headers.Add("cookie", cookies_);
  head_.chunked = !ended && !head_.content_length;
  head_.expects_continue = !ended && ExpectsContinue(head_);
  head = std::move(head_);
  return std::nullopt;
}

}  // namespace tailrace
