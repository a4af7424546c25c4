#include "http/head_parser.h"

#include <llhttp.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "http/head_rules.h"

namespace tailrace {
namespace {

bool IsVersionShaped(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && text[5] >= '0' && text[5] <= '9' &&
         text[6] == '.' && text[7] >= '0' && text[7] <= '9';
}

HeadParser* Self(llhttp_t* parser) {
  return static_cast<HeadParser*>(parser->data);
}

}  // namespace

HeadParser::HeadParser(std::string bytes, const Http1Limits& limits, RequestHead& head,
                       RequestError& error)
    : limits_(limits), head_(head), error_(error) {
  Fields().bytes_ = std::move(bytes);
}

bool HeadParser::Parse(std::string bytes, const Http1Limits& limits, RequestHead& head,
                       RequestError& error) {
  if (bytes == kHttp2PrefaceLine) {
    error = {.status = 505, .reason = "HTTP/2 is not spoken here", .http2_preface = true};
    return false;
  }
  HeadParser parser(std::move(bytes), limits, head, error);
  return parser.ParseRequestLine() && parser.ParseFields() && parser.CheckFields();
}

bool HeadParser::Fail(int status, std::string reason) {
  error_.status = status;
  error_.reason = std::move(reason);
  return false;
}

bool HeadParser::Check(std::optional<HeadFault> fault) {
  return !fault || Fail(fault->status, std::move(fault->reason));
}

bool HeadParser::ParseRequestLine() {
  const std::string_view line = Bytes().substr(0, Bytes().find('\r'));
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return Fail(400, "the request line is not `METHOD target HTTP/1.1`");
  }
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(method)) return Fail(400, "the method is not a token");
  if (target.empty() || target.find(' ') != std::string_view::npos) {
    return Fail(400, "the request line is not `METHOD target HTTP/1.1`");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    error_.not_http = !ParseMethod(method) && !EqualsIgnoreCase(version.substr(0, 5), "HTTP/");
    if (!IsVersionShaped(version)) return Fail(400, "the request line does not end with a version");
    return Fail(505, std::string(version) + " is not spoken here");
  }
  head_.version_minor = version.back() == '1' ? 1 : 0;
  const std::optional<Method> known = ParseMethod(method);
  if (!known) return Fail(501, "the method " + QuoteShort(method) + " is not supported");
  head_.method = *known;
  if (target.size() > limits_.target_bytes) {
    return Fail(414,
                "the target is longer than " + std::to_string(limits_.target_bytes) + " bytes");
  }
  return Check(ReadTarget(target, head_));
}

int HeadParser::OnFieldName(llhttp_t* parser, const char* at, size_t size) {
  Headers& fields = Self(parser)->Fields();
  Headers::Span span;
  span.name_begin = static_cast<uint32_t>(at - fields.bytes_.data());
  span.name_size = static_cast<uint32_t>(size);
  fields.fields_.push_back(span);
  return 0;
}

int HeadParser::OnFieldValue(llhttp_t* parser, const char* at, size_t size) {
  Headers& fields = Self(parser)->Fields();
  const std::string_view value = TrimBlanks({at, size});
  if (value.empty() || fields.fields_.empty()) return 0;
  Headers::Span& span = fields.fields_.back();
  span.value_begin = static_cast<uint32_t>(value.data() - fields.bytes_.data());
  span.value_size = static_cast<uint32_t>(value.size());
  return 0;
}

int HeadParser::OnHeadersComplete(llhttp_t* /*parser*/) {
  return HPE_PAUSED;
}

bool HeadParser::ParseFields() {
  const auto lines = static_cast<size_t>(std::ranges::count(Bytes(), '\n'));
  CHECK(lines >= 2);  // the request line and the blank line
  const size_t count = lines - 2;
  if (count > limits_.header_count) {
    return Fail(431, "more than " + std::to_string(limits_.header_count) + " header fields");
  }
  Fields().fields_.reserve(count);
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_header_field = OnFieldName;
    settings.on_header_value = OnFieldValue;
    settings.on_headers_complete = OnHeadersComplete;
    return settings;
  }();
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &kSettings);
  parser.data = this;
  const llhttp_errno_t result = llhttp_execute(&parser, Bytes().data(), Bytes().size());
  if (result != HPE_PAUSED) {
    const char* reason = llhttp_get_error_reason(&parser);
    return Fail(400, reason != nullptr && *reason != '\0' ? reason : "the head is malformed");
  }
  // One line that two readers split differently is how requests are smuggled.
  if (Fields().Size() != count) return Fail(400, "a header field is malformed");
  for (size_t i = 0; i < count; ++i) {
    if (!IsToken(Fields().At(i).name)) return Fail(400, "a header field's name is not a token");
  }
  return true;
}

bool HeadParser::CheckFields() {
  if (!CheckHost() || !CheckTransferEncoding() ||
      !Check(ReadContentLength(limits_.content_length, head_))) {
    return false;
  }
  ReadConnection();
  head_.expects_continue = head_.version_minor == 1 && ExpectsContinue(head_);
  return true;
}

bool HeadParser::CheckHost() {
  const std::vector<std::string_view> hosts = Fields().All("Host");
  if (hosts.size() > 1) return Fail(400, "Host comes more than once");
  if (hosts.empty()) {
    if (head_.version_minor == 1) return Fail(400, "Host is missing (HTTP/1.1 demands it)");
    return true;
  }
  if (!IsHost(hosts.front())) return Fail(400, "Host is invalid");
  if (head_.host.empty()) head_.host = hosts.front();
  return true;
}

// RFC 9112 §6.1: an unknown coding below `chunked` is 501; a body whose end `chunked` does not tell
// cannot be read.
bool HeadParser::CheckTransferEncoding() {
  if (!Fields().Has("Transfer-Encoding")) return true;
  if (head_.version_minor == 0) return Fail(400, "Transfer-Encoding is not a part of HTTP/1.0");
  if (Fields().Has("Content-Length")) {
    return Fail(400, "both Transfer-Encoding and Content-Length are given");
  }
  const std::string codings = Fields().Joined("Transfer-Encoding");
  if (EqualsIgnoreCase(codings, "chunked")) {
    head_.chunked = true;
    return true;
  }
  std::string_view list = codings;
  std::string_view coding;
  size_t chunked = 0;
  bool last = false;
  while (TakeListElement(list, coding)) {
    last = EqualsIgnoreCase(coding, "chunked");
    if (last) ++chunked;
    if (!IsToken(coding)) return Fail(400, "Transfer-Encoding is not a list of codings");
  }
  if (chunked == 1 && last && Fields().Count("Transfer-Encoding") == 1) {
    return Fail(501, "Transfer-Encoding must be `chunked` alone");
  }
  return Fail(400, "Transfer-Encoding must be `chunked` alone");
}

void HeadParser::ReadConnection() {
  const std::string options = Fields().Joined("Connection");
  std::string_view list = options;
  std::string_view option;
  bool close = false;
  bool keep_alive = false;
  while (TakeListElement(list, option)) {
    close |= EqualsIgnoreCase(option, "close");
    keep_alive |= EqualsIgnoreCase(option, "keep-alive");
  }
  head_.keep_alive = !close && (head_.version_minor == 1 || keep_alive);
}

}  // namespace tailrace
