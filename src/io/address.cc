#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr int kBacklog = 16384;  // the kernel cuts it to net.core.somaxconn

Error SystemError(const Address& address, const char* call) {
  std::string reason = std::strerror(errno);
  if (errno == EADDRINUSE) reason += " (is another server running there?)";
  return {ErrorCode::kUnavailable,
          "cannot listen on " + address.text + ": " + call + ": " + reason};
}

Result<Address> UnixAddress(std::string_view text, std::string_view path) {
  Address address{.text = std::string(text)};
  auto* un = reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.empty() || path.size() >= sizeof un->sun_path) {
    return Fail(ErrorCode::kInvalid,
                "listen: the path of '" + std::string(text) + "' must have 1 to 107 bytes");
  }
  un->sun_family = AF_UNIX;
  std::memcpy(un->sun_path, path.data(), path.size());
  address.size = sizeof(sockaddr_un);
  return address;
}

bool FillHost(Address& address, std::string host, uint16_t port) {
  if (host == "localhost") host = "127.0.0.1";
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
    return true;
  }
  if (host.empty()) host = "::";
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  address.size = sizeof *v6;
  return true;
}

// A unix socket's file stays behind when its server is killed.
void RemoveStaleUnixSocket(const Address& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  const auto* any = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(probe, any, address.size) != 0 && errno == ECONNREFUSED) {
    unlink(reinterpret_cast<const sockaddr_un*>(&address.storage)->sun_path);
  }
  close(probe);
}

}  // namespace

bool Address::IsLoopback() const {
  if (storage.ss_family == AF_UNIX) return true;
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

Result<Address> ParseAddress(std::string_view text) {
  if (text.starts_with("unix:")) return UnixAddress(text, text.substr(5));
  Address address{.text = std::string(text)};
  const size_t colon = text.rfind(':');
  const auto port =
      colon == std::string_view::npos ? std::nullopt : ParseDecimal(text.substr(colon + 1));
  if (!port || *port > 65535 ||
      !FillHost(address, std::string(text.substr(0, colon)), static_cast<uint16_t>(*port))) {
    return Fail(ErrorCode::kInvalid, "listen: '" + std::string(text) +
                                         "' is not ADDRESS:PORT, [ADDRESS]:PORT or unix:PATH");
  }
  return address;
}

Result<int> OpenListenSocket(const Address& address) {
  const int family = address.storage.ss_family;
  if (family == AF_UNIX) RemoveStaleUnixSocket(address);
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Fail(SystemError(address, "socket"));
  const int on = 1;
  const int off = 0;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  const auto* any = reinterpret_cast<const sockaddr*>(&address.storage);
  const char* failed = nullptr;
  if (bind(fd, any, address.size) != 0) failed = "bind";
  if (failed == nullptr && listen(fd, kBacklog) != 0) failed = "listen";
  if (failed != nullptr) {
    Error error = SystemError(address, failed);
    close(fd);
    return Fail(std::move(error));
  }
  return fd;
}

std::string LocalAddressText(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return "?";
  char host[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    return std::string(host) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return "[" + std::string(host) + "]:" + std::to_string(ntohs(v6->sin6_port));
  }
  return std::string("unix:") + reinterpret_cast<const sockaddr_un*>(&storage)->sun_path;
}

PeerAddress PeerOf(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  const auto bytes = [](const auto& address) {
    return std::string_view(reinterpret_cast<const char*>(&address), sizeof address);
  };
  switch (storage.ss_family) {
    case AF_UNIX:
      return {PeerAddress::Kind::kUnix, {}};
    case AF_INET:
      return {PeerAddress::Kind::kIp,
              IpFromBytes(bytes(reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr))};
    case AF_INET6:
      return {PeerAddress::Kind::kIp,
              IpFromBytes(bytes(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr))};
    default:
      return {};
  }
}

}  // namespace tailrace
