// UwsgiSession: one request of a server in front of us by the uwsgi protocol (http/uwsgi.h).
#pragma once

#include "server/http1_session.h"

namespace tailrace {

/// The answer is that of HTTP/1.0; so are limits, time-outs and errors.
class UwsgiSession final : public Http1Session {
 public:
  /// Owns `fd`.
  UwsgiSession(Worker& worker, SessionId id, int fd);

  void AddTo(WorkerStats& stats) const override;
};

}  // namespace tailrace
