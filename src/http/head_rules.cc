#include "http/head_rules.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsPort(std::string_view port) {
  if (port.empty()) return true;  // "host:" (RFC 3986 §3.2.3)
  const std::optional<uint64_t> number = ParseDecimal(port);
  return port.size() <= 5 && number && *number <= 65535;
}

}  // namespace

std::string QuoteShort(std::string_view text) {
  constexpr size_t kMaxQuoted = 64;
  std::string quoted = "\"";
  quoted.append(text.substr(0, kMaxQuoted)).append(text.size() > kMaxQuoted ? "…\"" : "\"");
  return quoted;
}

bool IsHost(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const bool address = std::ranges::all_of(
        text.substr(1, end - 1), [](char c) { return IsAlphanumeric(c) || c == ':' || c == '.'; });
    const std::string_view rest = text.substr(end + 1);
    return address && (rest.empty() || (rest.front() == ':' && IsPort(rest.substr(1))));
  }
  const size_t colon = std::min(text.find(':'), text.size());
  const bool name = std::ranges::all_of(text.substr(0, colon), [](char c) {
    return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == '%';
  });
  return name && (colon == text.size() || (colon > 0 && IsPort(text.substr(colon + 1))));
}

std::optional<HeadFault> ReadTarget(std::string_view target, RequestHead& head) {
  head.target = target;
  if (target.find('#') != std::string_view::npos) {
    return HeadFault{400, "the target has a fragment"};
  }
  if (target == "*") {
    if (head.method != Method::kOptions) return HeadFault{400, "the target * is for OPTIONS only"};
    head.path = target;
    return std::nullopt;
  }
  std::string_view rest = target;
  if (!rest.starts_with('/')) {
    const size_t scheme = target.find("://");
    const std::string_view name = target.substr(0, std::min(scheme, target.size()));
    if (scheme == std::string_view::npos ||
        (!EqualsIgnoreCase(name, "http") && !EqualsIgnoreCase(name, "https"))) {
      return HeadFault{400, "the target is neither a path nor an http or https address"};
    }
    rest.remove_prefix(scheme + 3);
    const size_t end = std::min(rest.find_first_of("/?"), rest.size());
    head.host = rest.substr(0, end);
    if (head.host.empty() || !IsHost(head.host))
      return HeadFault{400, "the target's host is invalid"};
    rest.remove_prefix(end);
  }
  const size_t question = std::min(rest.find('?'), rest.size());
  head.path = rest.substr(0, question);
  if (head.path.empty()) head.path = "/";
  if (question < rest.size()) head.query = rest.substr(question + 1);
  std::string decoded;
  if (!PercentDecode(head.path, false, decoded)) {
    return HeadFault{400, "the path has a '%' that two hexadecimal digits do not follow"};
  }
  return std::nullopt;
}

std::optional<HeadFault> ReadContentLength(uint64_t limit, RequestHead& head) {
  const std::vector<std::string_view> lengths = head.headers.All("Content-Length");
  if (lengths.empty()) return std::nullopt;
  if (lengths.size() > 1) return HeadFault{400, "Content-Length comes more than once"};
  const bool digits = !lengths.front().empty() && std::ranges::all_of(lengths.front(), [](char c) {
    return c >= '0' && c <= '9';
  });
  if (!digits) return HeadFault{400, "Content-Length is not a number"};
  const std::optional<uint64_t> length = ParseDecimal(lengths.front());
  if (!length || *length > limit) {
    return HeadFault{413, "the body is larger than " + std::to_string(limit) + " bytes"};
  }
  head.content_length = length;
  return std::nullopt;
}

bool ExpectsContinue(const RequestHead& head) {
  const std::optional<std::string_view> expect = head.headers.Find("Expect");
  return head.HasBody() && expect && EqualsIgnoreCase(*expect, "100-continue");
}

}  // namespace tailrace
