// What proxies say of the clients behind them: Forwarded (RFC 7239) and X-Forwarded-*.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "http/headers.h"

namespace tailrace {

/// The proxies whose word counts. Immutable once made; any thread.
class TrustedProxies {
 public:
  /// Nobody.
  TrustedProxies() = default;
  /// Each an address, a range such as "10.0.0.0/8", or "unix": whoever may open our unix sockets.
  /// kInvalid names the wrong one.
  static Result<TrustedProxies> Parse(std::span<const std::string> texts);

  bool Trusts(const IpAddress& address) const;
  bool TrustsUnix() const { return unix_; }

 private:
  std::vector<IpRange> ranges_;
  bool unix_ = false;
};

/// Which of them the proxies write. One kind only, since a proxy that writes the one passes on what
/// a client claims by the other.
enum class ForwardedHeaders : uint8_t {
  kXForwarded,  ///< X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host.
  kForwarded,   ///< Forwarded.
};

/// "x-forwarded" or "forwarded".
std::optional<ForwardedHeaders> ParseForwardedHeaders(std::string_view name);

/// What one proxy saw in front of it. What it did not say, or what makes no sense, is absent.
struct ForwardedHop {
  std::optional<IpAddress> address;
  std::optional<bool> secure;  ///< The client spoke https to it.
  std::string host;            ///< The Host that the client asked it for; valid (IsHost) or empty.
};

/// The hops as the fields tell them, the one in front of the nearest proxy last. A line that is
/// malformed as a whole becomes one hop of which nothing is known.
std::vector<ForwardedHop> ReadForwardedHops(const Headers& headers, ForwardedHeaders kind);

/// Follows `hops` from the last one away from us for as long as the addresses are those of
/// `trusted`, and ends at the first that is not: what stands before it anybody may have invented.
/// Says the address of that one, and what the farthest trusted proxy knew of scheme and host. The
/// address is absent if there is none, or none is known.
ForwardedHop FindForwardedClient(std::span<const ForwardedHop> hops, const TrustedProxies& trusted);

}  // namespace tailrace
