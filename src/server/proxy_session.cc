#include "server/proxy_session.h"

#include <sys/socket.h>

#include <cerrno>

#include "server/structured_log.h"
#include "server/worker.h"

namespace tailrace {

ProxySession::ProxySession(Worker& worker, SessionId id, int fd, const ListenKind& kind)
    : Session(id), worker_(worker), poller_(worker.loop(), fd, *this), kind_(kind) {
  poller_.Watch(true, false);
  Arm(worker, worker.config().limits.header_timeout_ms);
}

void ProxySession::OnReady(bool /*readable*/, bool /*writable*/) {
  char* const buffer = worker_.loop().ReadBuffer();
  const ssize_t got = recv(poller_.fd(), buffer, Loop::kReadBufferBytes, MSG_PEEK);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Close();
  const size_t taken = parser_.Consume({buffer, static_cast<size_t>(got)});
  if (recv(poller_.fd(), buffer, taken, 0) != static_cast<ssize_t>(taken)) return Close();
  if (parser_.Failed()) return Refuse(parser_.Reason());
  if (!parser_.Done()) return;
  poller_.Watch(false, false);
  worker_.CallAtTurnEnd(id_);
}

std::unique_ptr<Session> ProxySession::OnTurnEnd() {
  if (closed_) return nullptr;
  std::unique_ptr<ClientHop> hop;
  if (const ProxyHeader& header = parser_.header(); header.client) {
    hop = std::make_unique<ClientHop>();
    hop->peer = {PeerAddress::Kind::kIp, *header.client};
    hop->secure = header.secure;
  }
  return OpenSession(worker_, id_, poller_.Release(), kind_, std::move(hop));
}

void ProxySession::AddTo(WorkerStats& stats) const {
  ++stats.http1_connections;
}

void ProxySession::OnDeadline() {
  if (!closed_ && !parser_.Done()) Refuse("the PROXY header did not come within the time limit");
}

void ProxySession::Refuse(std::string_view reason) {
  ++worker_.stats().proxy_headers_refused;
  LogLine(LogLevel::kInfo, "PROXY header refused")
      .Add("proxy", AddressText(PeerOf(poller_.fd())))
      .Add("reason", reason);
  Close();
}

void ProxySession::Close() {
  if (std::exchange(closed_, true)) return;
  poller_.Watch(false, false);
  worker_.CloseAtTurnEnd(id_);
}

}  // namespace tailrace
