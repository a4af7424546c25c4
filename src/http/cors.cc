#include "http/cors.h"

#include <algorithm>

#include "base/text.h"

namespace tailrace {
namespace {

// What a page may send and read beyond what browsers allow by themselves.
constexpr std::string_view kRequestHeaders =
    "Authorization, Content-Encoding, Content-Type, Last-Event-ID, Tailrace-Producer, "
    "Tailrace-Sequence";
constexpr std::string_view kAnswerHeaders =
    "Accept-Ranges, Content-Disposition, Content-Range, ETag, Retry-After, X-Request-Id";
constexpr std::string_view kPreflightSeconds = "600";
constexpr uint64_t kMaxPort = 65'535;

std::string InLowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return lower;
}

bool IsHost(std::string_view host) {
  const bool v6 = host.starts_with('[') && host.ends_with(']');
  if (v6) host = host.substr(1, host.size() - 2);
  return !host.empty() && std::ranges::all_of(host, [v6](char c) {
    const bool digit_or_letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    return digit_or_letter || (v6 ? c == ':' || c == '.' : c == '-' || c == '.' || c == '_');
  });
}

}  // namespace

Result<std::string> NormalizeOrigin(std::string_view text) {
  const std::string origin = InLowerCase(text);
  const auto refuse = [&]() -> Result<std::string> {
    return Fail(ErrorCode::kInvalid, "'" + std::string(text.substr(0, 80)) +
                                         "' is no origin: write https://HOST or http://HOST:PORT");
  };
  const bool https = origin.starts_with("https://");
  if (!https && !origin.starts_with("http://")) return refuse();
  std::string_view host = std::string_view(origin).substr(https ? 8 : 7);
  std::string_view port;
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    const auto number = ParseDecimal(port);
    if (!number || *number == 0 || *number > kMaxPort || port.starts_with('0')) return refuse();
  }
  if (!IsHost(host)) return refuse();
  std::string normal = (https ? "https://" : "http://") + std::string(host);
  if (!port.empty() && port != (https ? "443" : "80")) normal.append(":").append(port);
  return normal;
}

Result<CorsPolicy> CorsPolicy::Make(std::span<const std::string> origins) {
  CorsPolicy policy;
  for (const std::string& text : origins) {
    Result<std::string> origin = NormalizeOrigin(text);
    if (!origin) {
      return FailField(ErrorCode::kInvalid, "cors.origins",
                       "cors.origins: " + origin.error().message);
    }
    policy.origins_.push_back(std::move(*origin));
  }
  return policy;
}

bool CorsPolicy::Allows(const RequestHead& request) const {
  if (origins_.empty() || request.headers.Count("Origin") != 1) return false;
  return std::ranges::find(origins_, *request.headers.Find("Origin")) != origins_.end();
}

void CorsPolicy::AddTo(const RequestHead& request, Headers& answer) const {
  if (origins_.empty()) return;
  answer.Add("Vary", "Origin");
  if (!Allows(request)) return;
  answer.Add("Access-Control-Allow-Origin", *request.headers.Find("Origin"));
  answer.Add("Access-Control-Allow-Credentials", "true");
  answer.Add("Access-Control-Expose-Headers", kAnswerHeaders);
}

void CorsPolicy::AddPreflightTo(const RequestHead& request, std::string_view methods,
                                Headers& answer) const {
  if (!Allows(request) || !request.headers.Has("Access-Control-Request-Method")) return;
  answer.Add("Access-Control-Allow-Methods", methods);
  answer.Add("Access-Control-Allow-Headers", kRequestHeaders);
  answer.Add("Access-Control-Max-Age", kPreflightSeconds);
  answer.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
}

}  // namespace tailrace
