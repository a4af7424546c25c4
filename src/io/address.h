// Address: where to listen, and who is at the other end.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "base/result.h"

namespace tailrace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string text;  ///< As it was given.

  /// 127.0.0.0/8, ::1, or a unix socket.
  bool IsLoopback() const;
};

/// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (all interfaces, IPv4 and IPv6) or
/// "unix:/path". Names other than localhost are not looked up. kInvalid.
Result<Address> ParseAddress(std::string_view text);

/// Opens, binds and listens: non-blocking, close-on-exec, SO_REUSEADDR. A unix socket that nobody
/// listens on any more is replaced. kUnavailable with the address and the system's reason.
Result<int> OpenListenSocket(const Address& address);

/// "127.0.0.1:8080" of a bound socket, with the port that the kernel chose for port 0.
std::string LocalAddressText(int fd);

/// Who is at the other end of a connection.
struct PeerAddress {
  enum class Kind : uint8_t {
    kUnknown,  ///< Gone already.
    kUnix,
    kIp,
  };
  Kind kind = Kind::kUnknown;
  IpAddress ip;  ///< kIp only.
};

/// Of a connected socket.
PeerAddress PeerOf(int fd);

}  // namespace tailrace
