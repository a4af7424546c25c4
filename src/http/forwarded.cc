#include "http/forwarded.h"

#include <algorithm>

#include "base/text.h"
#include "http/head_rules.h"

namespace tailrace {
namespace {

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80", and what X-Forwarded-For has
// besides: "2001:db8::1". An obfuscated port ("_x", RFC 7239 §6.3) is as good as any.
std::optional<IpAddress> ReadNode(std::string_view node) {
  if (node.starts_with('[')) {
    const size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = node.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return ParseIpAddress(node.substr(1, end - 1));
  }
  const size_t colon = node.find(':');
  const bool one_colon = colon != std::string_view::npos && node.rfind(':') == colon;
  return ParseIpAddress(one_colon ? node.substr(0, colon) : node);
}

std::optional<bool> ReadScheme(std::string_view scheme) {
  if (EqualsIgnoreCase(scheme, "https")) return true;
  if (EqualsIgnoreCase(scheme, "http")) return false;
  return std::nullopt;
}

std::string ReadHost(std::string_view host) {
  return IsHost(host) ? std::string(host) : std::string();
}

// ------------------------------------------------------------------------------------------------
// Forwarded (RFC 7239 §4)

// A token or a quoted-string at the front of `rest`, without quotes. The values of addresses need
// quotes for their ':' and '[', but there are proxies that leave them out.
bool TakeValue(std::string_view& rest, std::string& value) {
  value.clear();
  if (!rest.starts_with('"')) {
    const size_t end = std::min(rest.find_first_of(";,\" \t"), rest.size());
    value = rest.substr(0, end);
    rest.remove_prefix(end);
    return !value.empty();
  }
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return true;
    }
    if (rest[i] == '\\' && ++i == rest.size()) return false;
    value.push_back(rest[i]);
  }
  return false;
}

void Apply(ForwardedHop& hop, std::string_view name, const std::string& value) {
  if (EqualsIgnoreCase(name, "for")) hop.address = ReadNode(value);
  if (EqualsIgnoreCase(name, "proto")) hop.secure = ReadScheme(value);
  if (EqualsIgnoreCase(name, "host")) hop.host = ReadHost(value);
}

void SkipBlanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
}

bool ReadForwardedLine(std::string_view rest, std::vector<ForwardedHop>& hops) {
  ForwardedHop hop;
  std::string value;
  for (;;) {
    SkipBlanks(rest);
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos || !IsToken(rest.substr(0, equals))) return false;
    const std::string_view name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    if (!TakeValue(rest, value)) return false;
    Apply(hop, name, value);
    SkipBlanks(rest);
    const bool over = rest.empty();
    if (!over && rest.front() != ';' && rest.front() != ',') return false;
    if (over || rest.front() == ',') hops.push_back(std::exchange(hop, {}));
    if (over) return true;
    rest.remove_prefix(1);
  }
}

std::vector<ForwardedHop> ReadForwarded(const Headers& headers) {
  std::vector<ForwardedHop> hops;
  for (const std::string_view line : headers.All("Forwarded")) {
    const size_t before = hops.size();
    if (ReadForwardedLine(line, hops)) continue;
    hops.resize(before);
    hops.emplace_back();
  }
  return hops;
}

// ------------------------------------------------------------------------------------------------
// X-Forwarded-*

std::vector<std::string> ListOf(const Headers& headers, std::string_view name) {
  const std::string joined = headers.Joined(name);
  std::string_view list = joined;
  std::vector<std::string> elements;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    elements.emplace_back(TrimBlanks(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return elements;
}

// Proxies that append to each list give one element a hop; those that set it anew give one, which
// is the nearest proxy's.
template <typename Set>
void SpreadOver(std::vector<ForwardedHop>& hops, const std::vector<std::string>& values, Set set) {
  if (values.empty()) return;
  if (hops.empty()) hops.emplace_back();
  if (values.size() == hops.size()) {
    for (size_t i = 0; i < hops.size(); ++i) set(hops[i], values[i]);
  } else {
    set(hops.back(), values.back());
  }
}

std::vector<ForwardedHop> ReadXForwarded(const Headers& headers) {
  std::vector<ForwardedHop> hops;
  for (const std::string& node : ListOf(headers, "X-Forwarded-For")) {
    hops.emplace_back().address = ReadNode(node);
  }
  SpreadOver(hops, ListOf(headers, "X-Forwarded-Proto"),
             [](ForwardedHop& hop, const std::string& scheme) { hop.secure = ReadScheme(scheme); });
  SpreadOver(hops, ListOf(headers, "X-Forwarded-Host"),
             [](ForwardedHop& hop, const std::string& host) { hop.host = ReadHost(host); });
  return hops;
}

}  // namespace

Result<TrustedProxies> TrustedProxies::Parse(std::span<const std::string> texts) {
  TrustedProxies trusted;
  for (const std::string& text : texts) {
    if (text == "unix") {
      trusted.unix_ = true;
      continue;
    }
    const std::optional<IpRange> range = ParseIpRange(text);
    if (!range) {
      return FailField(ErrorCode::kInvalid, "trusted_proxies",
                       "trusted_proxies: '" + text +
                           "' is not an address, a range such as 10.0.0.0/8 with no bits behind "
                           "its prefix, or unix");
    }
    trusted.ranges_.push_back(*range);
  }
  return trusted;
}

bool TrustedProxies::Trusts(const IpAddress& address) const {
  return std::ranges::any_of(ranges_,
                             [&](const IpRange& range) { return range.Contains(address); });
}

std::optional<ForwardedHeaders> ParseForwardedHeaders(std::string_view name) {
  if (name == "x-forwarded") return ForwardedHeaders::kXForwarded;
  if (name == "forwarded") return ForwardedHeaders::kForwarded;
  return std::nullopt;
}

std::vector<ForwardedHop> ReadForwardedHops(const Headers& headers, ForwardedHeaders kind) {
  return kind == ForwardedHeaders::kForwarded ? ReadForwarded(headers) : ReadXForwarded(headers);
}

ForwardedHop FindForwardedClient(std::span<const ForwardedHop> hops,
                                 const TrustedProxies& trusted) {
  ForwardedHop client;
  for (size_t i = hops.size(); i > 0; --i) {
    const ForwardedHop& hop = hops[i - 1];
    if (hop.secure) client.secure = hop.secure;
    if (!hop.host.empty()) client.host = hop.host;
    if (!hop.address) break;
    client.address = hop.address;
    if (!trusted.Trusts(*hop.address)) break;
  }
  return client;
}

}  // namespace tailrace
