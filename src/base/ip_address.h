// Addresses of clients and proxies, and ranges of them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace {

/// An IPv4 or IPv6 address without a port. IPv4 and the same address mapped into IPv6
/// (RFC 4291 §2.5.5.2) are one.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};

  bool IsV4() const;
  /// "192.0.2.1" or "2001:db8::1".
  std::string Text() const;
  bool operator==(const IpAddress&) const = default;
};

/// `bytes`: 4 or 16 of them, in network order.
IpAddress IpFromBytes(std::string_view bytes);

/// "192.0.2.1", "2001:db8::1". Nothing else: no port, brackets, zone, leading zeros or blanks.
std::optional<IpAddress> ParseIpAddress(std::string_view text);

/// All addresses whose first `bits` are those of `base`; 96 bits are common to all IPv4 addresses.
struct IpRange {
  IpAddress base;
  int bits = 128;

  bool Contains(const IpAddress& address) const;
};

/// "10.0.0.0/8", "2001:db8::/32", or an address alone. Bits of the address behind the prefix must
/// be zero: a range that somebody mistyped should not be believed.
std::optional<IpRange> ParseIpRange(std::string_view text);

}  // namespace tailrace
