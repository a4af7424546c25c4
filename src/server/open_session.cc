#include "server/open_session.h"

#include "server/http1_session.h"
#include "server/uwsgi_session.h"

namespace tailrace {

std::unique_ptr<Session> OpenSession(Worker& worker, SessionId id, int fd, const ListenKind& kind) {
  if (kind.protocol == ListenKind::Protocol::kUwsgi) {
    return std::make_unique<UwsgiSession>(worker, id, fd);
  }
  return std::make_unique<Http1Session>(worker, id, fd, kind.tls);
}

}  // namespace tailrace
