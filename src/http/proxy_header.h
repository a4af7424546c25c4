// ProxyHeaderParser: what a proxy of byte streams says of its client, in front of the client's own
// bytes: the PROXY protocol, versions 1 and 2
// (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt). No socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip_address.h"

namespace tailrace {

/// The longest header of version 2 that is read: addresses and TLVs, 16 bytes before them.
inline constexpr size_t kProxyHeaderBytes = 4096;

struct ProxyHeader {
  /// The client; absent: the proxy speaks for itself (LOCAL), or of a client that has no address
  /// here (UNKNOWN, AF_UNSPEC, AF_UNIX): then it is the connection's own peer that counts.
  std::optional<IpAddress> client;
  bool secure = false;  ///< Version 2: the client's connection to the proxy is under TLS.
};

/// Strict: what the specification does not allow is refused, and there is no guessing whether a
/// header is there.
class ProxyHeaderParser {
 public:
  /// Takes bytes off the front of what has come; returns how many: all, unless the header ended
  /// before. Not one byte behind the header is taken.
  size_t Consume(std::string_view bytes);

  bool Done() const { return state_ == State::kDone; }
  bool Failed() const { return state_ == State::kFailed; }
  /// Done() only.
  const ProxyHeader& header() const { return header_; }
  /// Failed() only: for people.
  std::string_view Reason() const { return reason_; }

 private:
  enum class State : uint8_t { kStart, kLine, kBinary, kDone, kFailed };

  size_t Wanted() const;
  void Look();
  void ReadLine();
  void ReadBinary();
  bool ReadTlvs(std::string_view tlvs);
  void Fail(std::string_view reason);

  std::string bytes_;
  ProxyHeader header_;
  std::string_view reason_;
  State state_ = State::kStart;
};

}  // namespace tailrace
