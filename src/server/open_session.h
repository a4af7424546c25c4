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
};

/// Owns `fd`.
std::unique_ptr<Session> OpenSession(Worker& worker, SessionId id, int fd, const ListenKind& kind);

}  // namespace tailrace
