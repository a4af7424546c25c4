#include "server/client_origin.h"

namespace tailrace {

bool IsTrusted(const PeerAddress& peer, const TrustedProxies& trusted) {
  switch (peer.kind) {
    case PeerAddress::Kind::kUnix:
      return trusted.TrustsUnix();
    case PeerAddress::Kind::kIp:
      return trusted.Trusts(peer.ip);
    case PeerAddress::Kind::kUnknown:
      break;
  }
  return false;
}

std::string AddressText(const PeerAddress& peer) {
  if (peer.kind == PeerAddress::Kind::kIp) return peer.ip.Text();
  return peer.kind == PeerAddress::Kind::kUnix ? "unix" : "";
}

ClientOrigin FindClientOrigin(const ClientHop& hop, const RequestHead& head,
                              const OriginRules& rules) {
  ClientOrigin origin;
  origin.address = AddressText(hop.peer);
  origin.secure = hop.secure;
  origin.host = head.host;
  origin.from_trusted_proxy = IsTrusted(hop.peer, rules.trusted);
  if (!origin.from_trusted_proxy) return origin;
  std::vector<ForwardedHop> hops = ReadForwardedHops(head.headers, rules.headers);
  if (head.gateway) hops.push_back(*head.gateway);
  const ForwardedHop client = FindForwardedClient(hops, rules.trusted);
  if (client.address) origin.address = client.address->Text();
  if (client.secure) origin.secure = *client.secure;
  if (!client.host.empty()) origin.host = client.host;
  return origin;
}

}  // namespace tailrace
