#include "server/uwsgi_session.h"

#include "http/uwsgi.h"
#include "server/worker.h"

namespace tailrace {

UwsgiSession::UwsgiSession(Worker& worker, SessionId id, int fd)
    : Http1Session(worker, id, fd, nullptr, nullptr,
                   std::make_unique<UwsgiParser>(&worker.http1_limits())) {}

void UwsgiSession::AddTo(WorkerStats& stats) const {
  AddStream(stats, stats.uwsgi_connections, stats.uwsgi_event_streams);
}

}  // namespace tailrace
