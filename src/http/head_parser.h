// HeadParser: a whole request head, from its first byte to its blank line, as a RequestHead.
#pragma once

#include <optional>
#include <string>

#include "http/head_rules.h"
#include "http/http1.h"

struct llhttp__internal_s;

namespace tailrace {

/// Used by Http1Parser, which has made sure that every line ends with CRLF, that there is no other
/// CR or LF, no control character but tab, nothing folded, and nothing but visible ASCII and blanks
/// in the first line. Two readers must agree on every head: llhttp in strict mode and the checks
/// here.
class HeadParser {
 public:
  /// Fills `head` or `error`; false: `error`. `bytes` become the storage of the headers.
  static bool Parse(std::string bytes, const Http1Limits& limits, RequestHead& head,
                    RequestError& error);

 private:
  HeadParser(std::string bytes, const Http1Limits& limits, RequestHead& head, RequestError& error);

  bool ParseRequestLine();
  bool ParseFields();
  bool CheckFields();
  bool CheckHost();
  bool CheckTransferEncoding();
  void ReadConnection();
  bool Check(std::optional<HeadFault> fault);
  bool Fail(int status, std::string reason);

  static int OnFieldName(llhttp__internal_s* parser, const char* at, size_t size);
  static int OnFieldValue(llhttp__internal_s* parser, const char* at, size_t size);
  static int OnHeadersComplete(llhttp__internal_s* parser);

  Headers& Fields() { return head_.headers; }
  std::string_view Bytes() const { return head_.headers.bytes_; }

  const Http1Limits& limits_;
  RequestHead& head_;
  RequestError& error_;
};

}  // namespace tailrace
