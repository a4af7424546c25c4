// ClientOrigin: who sent a request, and how, as far as its way here tells.
#pragma once

#include <string>

#include "http/forwarded.h"
#include "http/request.h"
#include "io/address.h"

namespace tailrace {

struct ClientOrigin {
  /// "192.0.2.1" or "2001:db8::1"; "unix" for a client on a unix socket of which nobody told more;
  /// empty: gone before it was asked for.
  std::string address;
  bool secure = false;  ///< The client's own connection is under TLS.
  /// "host" or "host:port" that the client asked for; empty: it did not say (HTTP/1.0).
  std::string host;
  /// Who sent us the request is one of the trusted proxies: what its fields say is its word.
  bool from_trusted_proxy = false;
};

/// Whose word is believed about clients.
struct OriginRules {
  TrustedProxies trusted;
  ForwardedHeaders headers = ForwardedHeaders::kXForwarded;
};

/// Who speaks to us, client or proxy.
struct ClientHop {
  PeerAddress peer;
  bool secure = false;  ///< Under TLS.
};

/// Who speaks to us over `connection`; `told`: whom a PROXY header named, or null.
inline ClientHop HopOf(const ClientHop& connection, const ClientHop* told) {
  return told == nullptr ? connection : ClientHop{told->peer, told->secure || connection.secure};
}

bool IsTrusted(const PeerAddress& peer, const TrustedProxies& trusted);

/// As in ClientOrigin::address.
std::string AddressText(const PeerAddress& peer);

ClientOrigin FindClientOrigin(const ClientHop& hop, const RequestHead& head,
                              const OriginRules& rules);

}  // namespace tailrace
