#include "http/uwsgi_head.h"

#include <algorithm>
#include <array>

namespace tailrace {
namespace {

constexpr std::string_view kFieldPrefix = "HTTP_";

// Of the connection between the client and nginx, or undone there (RFC 9110 §7.6.1). The body's
// own fields come as CONTENT_TYPE and CONTENT_LENGTH.
constexpr std::array<std::string_view, 10> kOthersFields = {
    "connection", "content-length", "content-type",      "expect",          "keep-alive", "te",
    "trailer",    "upgrade",        "transfer-encoding", "proxy-connection"};

// Takes "size, bytes" off the front.
bool TakeSized(std::string_view& rest, std::string_view& bytes) {
  if (rest.size() < 2) return false;
  const size_t size = static_cast<uint8_t>(rest[0]) | static_cast<uint8_t>(rest[1]) << 8;
  if (rest.size() - 2 < size) return false;
  bytes = rest.substr(2, size);
  rest.remove_prefix(2 + size);
  return true;
}

bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool HasControls(std::string_view text) {
  return std::ranges::any_of(text,
                             [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// "HTTP_X_FORWARDED_FOR" without its prefix -> "x-forwarded-for".
std::string FieldName(std::string_view name) {
  std::string field(name);
  std::ranges::transform(field, field.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return field;
}

// A decoded path as a client would have written it (RFC 3986 §3.3).
std::string EncodePath(std::string_view path) {
  constexpr std::string_view kPlain = "-._~!$&'()*+,;=:@/";
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : path) {
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      encoded.push_back(c);
    } else {
      const auto code = static_cast<uint8_t>(c);
      encoded.append({'%', kHex[code >> 4], kHex[code & 15]});
    }
  }
  return encoded;
}

bool SetOnce(std::optional<std::string_view>& variable, std::string_view value) {
  if (variable && *variable != value) return false;
  variable = value;
  return true;
}

}  // namespace

std::optional<HeadFault> UwsgiHeadBuilder::Build(std::string_view variables,
                                                 const Http1Limits& limits, RequestHead& head) {
  UwsgiHeadBuilder builder(limits, head);
  head.version_minor = 0;
  head.keep_alive = false;
  std::optional<HeadFault> fault = builder.Read(variables);
  if (!fault) fault = builder.FindTarget();
  if (!fault) fault = builder.CheckHost();
  if (!fault) fault = ReadContentLength(limits.content_length, head);
  if (!fault) builder.FindGateway();
  return fault;
}

std::optional<HeadFault> UwsgiHeadBuilder::Read(std::string_view variables) {
  std::string_view name;
  std::string_view value;
  while (!variables.empty()) {
    if (!TakeSized(variables, name) || !TakeSized(variables, value)) {
      return HeadFault{400, "the uwsgi variables are cut"};
    }
    if (name.empty() || !IsToken(name)) return HeadFault{400, "a uwsgi variable has no name"};
    if (std::optional<HeadFault> fault = Add(name, value)) return fault;
  }
  if (length_ && !length_->empty()) head_.headers.Add("content-length", *length_);
  if (type_ && !type_->empty()) return AddField("content-type", *type_);
  return std::nullopt;
}

std::optional<HeadFault> UwsgiHeadBuilder::Add(std::string_view name, std::string_view value) {
  struct Single {
    std::string_view name;
    std::optional<std::string_view>& variable;
  };
  const std::array<Single, 6> singles = {{{"REQUEST_METHOD", method_},
                                          {"PATH_INFO", path_},
                                          {"REQUEST_URI", uri_},
                                          {"QUERY_STRING", query_},
                                          {"CONTENT_LENGTH", length_},
                                          {"CONTENT_TYPE", type_}}};
  for (const Single& single : singles) {
    if (name != single.name) continue;
    if (SetOnce(single.variable, value)) return std::nullopt;
    return HeadFault{400, std::string(name) + " comes more than once"};
  }
  if (name == "REMOTE_ADDR") address_ = value;
  if (name == "REQUEST_SCHEME") scheme_ = value;
  if (name == "HTTPS") https_ = value;
  if (!name.starts_with(kFieldPrefix)) return std::nullopt;
  const std::string field = FieldName(name.substr(kFieldPrefix.size()));
  if (!IsToken(field)) return HeadFault{400, "a uwsgi variable has the name HTTP_"};
  return std::ranges::count(kOthersFields, field) > 0 ? std::nullopt : AddField(field, value);
}

std::optional<HeadFault> UwsgiHeadBuilder::AddField(std::string_view name, std::string_view value) {
  if (head_.headers.Size() == limits_.header_count) {
    return HeadFault{431, "more than " + std::to_string(limits_.header_count) + " header fields"};
  }
  if (HasControls(value)) return HeadFault{400, "a control character in the head"};
  head_.headers.Add(name, TrimBlanks(value));
  return std::nullopt;
}

std::optional<HeadFault> UwsgiHeadBuilder::FindTarget() {
  const std::string_view name = method_.value_or("");
  if (!IsToken(name)) return HeadFault{400, "REQUEST_METHOD is not a token"};
  const std::optional<Method> method = ParseMethod(name);
  if (!method) return HeadFault{501, "the method " + QuoteShort(name) + " is not supported"};
  head_.method = *method;
  if (!path_ && !uri_) return HeadFault{400, "neither PATH_INFO nor REQUEST_URI is given"};
  std::string target(uri_.value_or(""));
  if (path_) target = EncodePath(path_->empty() ? "/" : *path_);
  if (path_ || query_) {
    const size_t question = uri_.value_or("").find('?');
    const std::string_view uris =
        question == std::string_view::npos ? std::string_view() : uri_->substr(question + 1);
    const std::string_view query = query_.value_or(uris);
    target.resize(std::min(target.find('?'), target.size()));
    if (!query.empty()) target.append("?").append(query);
  }
  if (target.size() > limits_.target_bytes) {
    return HeadFault{
        414, "the target is longer than " + std::to_string(limits_.target_bytes) + " bytes"};
  }
  if (!target.starts_with('/')) return HeadFault{400, "the target is not a path"};
  if (!IsVisible(target)) return HeadFault{400, "the target has more than visible ASCII"};
  return ReadTarget(target, head_);
}

std::optional<HeadFault> UwsgiHeadBuilder::CheckHost() {
  const std::vector<std::string_view> hosts = head_.headers.All("host");
  if (hosts.size() > 1) return HeadFault{400, "Host comes more than once"};
  if (hosts.empty()) return std::nullopt;
  if (!IsHost(hosts.front())) return HeadFault{400, "Host is invalid"};
  head_.host = hosts.front();
  return std::nullopt;
}

void UwsgiHeadBuilder::FindGateway() {
  head_.gateway.emplace();
  head_.gateway->address = ParseIpAddress(address_);
  if (!https_.empty()) {
    head_.gateway->secure = EqualsIgnoreCase(https_, "on");
  } else if (!scheme_.empty()) {
    head_.gateway->secure = EqualsIgnoreCase(scheme_, "https");
  }
}

}  // namespace tailrace
