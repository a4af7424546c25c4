#include "io/connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "io/loop.h"
#include "io/tls_stream.h"

namespace tailrace {
namespace {

// A live viewer mostly gets one part. send() spares the kernel the copies of the message header and
// of the list of parts: 4 % of a delivery (scripts/bench fan-out).
ssize_t SendParts(int fd, std::span<const iovec> parts) {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (parts.size() == 1) return send(fd, parts[0].iov_base, parts[0].iov_len, kFlags);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());  // sendmsg does not write to it
  message.msg_iovlen = parts.size();
  return sendmsg(fd, &message, kFlags);
}

}  // namespace

struct Connection::Tls {
  Tls(TlsContext& context, int fd) : stream(context, fd) {}
  ~Tls() {
    if (gone != nullptr) *gone = true;
  }

  TlsStream stream;
  bool ending = false;   // ShutdownWrite was called
  bool* gone = nullptr;  // set when a callback destroys us
};

Connection::Connection(Loop& loop, int fd, ConnectionHandler& handler, TlsContext* tls)
    : loop_(loop),
      handler_(handler),
      poller_(loop, fd, *this),
      tls_(tls == nullptr ? nullptr : std::make_unique<Tls>(*tls, fd)) {
  Update();
}

Connection::Connection(Connection&& from, ConnectionHandler& handler)
    : loop_(from.loop_),
      handler_(handler),
      poller_(std::move(from.poller_), *this),
      tls_(std::move(from.tls_)),
      want_read_(from.want_read_),
      blocked_(from.blocked_),
      read_ended_(from.read_ended_),
      clear_text_instead_(from.clear_text_instead_) {}

Connection::~Connection() = default;

int64_t Connection::Write(std::span<const iovec> parts) {
  size_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  int64_t sent = 0;
  if (tls_ == nullptr) {
    sent = SendParts(poller_.fd(), parts);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) sent = 0;
  } else {
    sent = tls_->stream.Write(parts, {loop_.RecordBuffer(), Loop::kRecordBufferBytes});
  }
  if (sent >= 0) {
    blocked_ = static_cast<size_t>(sent) < size;
    Update();
  }
  return sent;
}

int64_t Connection::Write(std::string_view bytes) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return Write(std::span(&part, 1));
}

void Connection::WantRead(bool want) {
  want_read_ = want;
  Update();
}

void Connection::ShutdownWrite() {
  if (tls_ != nullptr) {
    tls_->ending = true;
    tls_->stream.SendEnd();
    Update();
    if (tls_->stream.Holds()) return;
  }
  shutdown(poller_.fd(), SHUT_WR);
}

bool Connection::Handshaking() const {
  return tls_ != nullptr && tls_->stream.Handshaking();
}

void Connection::GiveUpHandshake() {
  tls_->stream.GiveUpHandshake();
}

bool Connection::Holds() const {
  return tls_ != nullptr && tls_->stream.Holds();
}

std::string_view Connection::Protocol() const {
  return tls_ == nullptr ? std::string_view() : tls_->stream.Protocol();
}

void Connection::Update() {
  if (tls_ == nullptr) {
    poller_.Watch(want_read_ && !read_ended_, blocked_);
    return;
  }
  const TlsStream& stream = tls_->stream;
  const bool waits = stream.Handshaking() || stream.WriteWaitsForRead();
  const bool write = stream.Holds() || (blocked_ && !waits);
  poller_.Watch((want_read_ || waits) && !read_ended_ && !stream.HoldsTooMuch(), write);
}

// One event, one callback, since it may destroy us. Readiness is level-triggered: reading comes in
// the next turn.
void Connection::OnReady(bool readable, bool writable) {
  if (tls_ != nullptr) {
    if (writable && (blocked_ || tls_->stream.Holds())) {
      OnTlsWritable();
    } else if (readable) {
      tls_->stream.Handshaking() ? Handshake() : ReadTls();
    }
  } else if (writable && blocked_) {
    blocked_ = false;
    Update();
    handler_.OnWritable();
  } else if (readable) {
    Read();
  }
}

void Connection::Read() {
  const ssize_t got = recv(poller_.fd(), loop_.ReadBuffer(), Loop::kReadBufferBytes, 0);
  if (got > 0) {
    handler_.OnRead({loop_.ReadBuffer(), static_cast<size_t>(got)});
  } else if (got == 0) {
    read_ended_ = true;
    Update();
    handler_.OnReadEnd();
  } else if (errno != EAGAIN && errno != EINTR) {
    handler_.OnBroken();
  }
}

// ------------------------------------------------------------------------------------------------
// TLS

void Connection::Handshake() {
  if (!loop_.TakeSlowStep()) return;  // it is asked again in the next turn
  switch (tls_->stream.Handshake()) {
    case TlsStream::State::kSecured:
      Update();
      handler_.OnSecured();
      break;
    case TlsStream::State::kClearText:
      tls_.reset();
      clear_text_instead_ = true;
      Update();
      break;
    case TlsStream::State::kBroken:
      handler_.OnBroken();
      break;
    default:
      Update();
  }
}

void Connection::ReadTls() {
  const TlsStream::ReadResult got = tls_->stream.Read({loop_.ReadBuffer(), Loop::kReadBufferBytes});
  read_ended_ = got.state == TlsStream::State::kEnd;
  Update();
  if (got.size > 0) {
    bool gone = false;
    tls_->gone = &gone;
    handler_.OnRead({loop_.ReadBuffer(), got.size});
    if (gone) return;
    tls_->gone = nullptr;
  }
  if (got.state == TlsStream::State::kEnd) {
    handler_.OnReadEnd();
  } else if (got.state == TlsStream::State::kBroken) {
    handler_.OnBroken();
  }
}

void Connection::OnTlsWritable() {
  if (!tls_->stream.Flush()) {
    handler_.OnBroken();
    return;
  }
  const bool room = !tls_->stream.Holds();
  if (room && tls_->ending) shutdown(poller_.fd(), SHUT_WR);
  const bool tell = room && blocked_ && !tls_->stream.Handshaking();
  if (tell) blocked_ = false;
  Update();
  if (tell) handler_.OnWritable();
}

}  // namespace tailrace
