// From an accepted connection to its session.
#pragma once

#include <memory>

#include "server/client_origin.h"
#include "server/session.h"

namespace tailrace {

class TlsContext;

/// What a listener says of the connections that it accepts.
struct ListenKind {
  enum class Protocol : uint8_t { kHttp, kUwsgi };

  Protocol protocol = Protocol::kHttp;
  TlsContext* tls = nullptr;  ///< Null: clear text. kHttp only.
  /// Connections of trusted proxies begin with a PROXY header, all of them. kHttp only.
  bool proxy_header = false;
};

/// Owns `fd`. The session reads a PROXY header first if it has to.
std::unique_ptr<Session> AcceptSession(Worker& worker, SessionId id, int fd,
                                       const ListenKind& kind);

/// The same, behind that header. `hop`: whom it told of; null: nobody.
std::unique_ptr<Session> OpenSession(Worker& worker, SessionId id, int fd, const ListenKind& kind,
                                     std::unique_ptr<ClientHop> hop);

}  // namespace tailrace
