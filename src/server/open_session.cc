#include "server/open_session.h"

#include "server/http1_session.h"
#include "server/proxy_session.h"
#include "server/uwsgi_session.h"
#include "server/worker.h"

namespace tailrace {

std::unique_ptr<Session> AcceptSession(Worker& worker, SessionId id, int fd,
                                       const ListenKind& kind) {
  const TrustedProxies& trusted = worker.shared().origin_rules.trusted;
  if (kind.proxy_header && IsTrusted(PeerOf(fd), trusted)) {
    return std::make_unique<ProxySession>(worker, id, fd, kind);
  }
  return OpenSession(worker, id, fd, kind, nullptr);
}

std::unique_ptr<Session> OpenSession(Worker& worker, SessionId id, int fd, const ListenKind& kind,
                                     std::unique_ptr<ClientHop> hop) {
  if (kind.protocol == ListenKind::Protocol::kUwsgi) {
    return std::make_unique<UwsgiSession>(worker, id, fd);
  }
  return std::make_unique<Http1Session>(worker, id, fd, kind.tls, std::move(hop));
}

}  // namespace tailrace
