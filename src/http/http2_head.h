// Http2HeadBuilder: the fields of one HTTP/2 request, one after the other, to a RequestHead (RFC
// 9113 §8.3). nghttp2 has checked their grammar, their order and that connection-specific ones are
// not there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/head_rules.h"
#include "http/http1.h"

namespace tailrace {

class Http2HeadBuilder {
 public:
  /// As SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113 §6.5.2).
  static constexpr size_t kFieldOverhead = 32;

  void Add(std::string_view name, std::string_view value, const Http1Limits& limits);
  /// A field is malformed; the answer is 400.
  void Spoil(std::string_view name);
  /// Fills `head`; `ended`: there is no body. Once.
  std::optional<HeadFault> Finish(bool ended, const Http1Limits& limits, RequestHead& head);

 private:
  std::optional<HeadFault> ReadPseudoFields(const Http1Limits& limits);

  std::string method_;
  std::string scheme_;
  std::string authority_;
  std::string path_;
  std::string cookies_;  // crumbs joined, §8.2.3
  RequestHead head_;
  std::optional<HeadFault> fault_;
  size_t size_ = 0;
};

}  // namespace tailrace
