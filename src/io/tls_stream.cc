#include "io/tls_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "io/tls_context.h"

namespace tailrace {
namespace {

constexpr unsigned char kHandshakeRecord = 22;  // RFC 8446 §5.1: ContentType
constexpr size_t kHeldLimitBytes = 2 * TlsStream::kRecordBytes;
// Small records may come by the thousand; then others get their turn.
constexpr int kRecordsPerRead = 16;

bool IsTemporary(int error) {
  return error == EAGAIN || error == EINTR;
}

// Goes through parts record by record.
class RecordCutter {
 public:
  explicit RecordCutter(std::span<const iovec> parts) : parts_(parts) { SkipEmpty(); }

  bool AtEnd() const { return parts_.empty(); }
  // The next record's text: where it stands, or joined in `scratch`.
  std::string_view Next(std::span<char> scratch) const {
    const size_t left = parts_[0].iov_len - offset_;
    if (left >= TlsStream::kRecordBytes || parts_.size() == 1) {
      return {Start(), std::min(left, TlsStream::kRecordBytes)};
    }
    RecordCutter ahead = *this;
    size_t used = 0;
    while (!ahead.AtEnd() && used < TlsStream::kRecordBytes) {
      const size_t piece =
          std::min(ahead.parts_[0].iov_len - ahead.offset_, TlsStream::kRecordBytes - used);
      std::memcpy(scratch.data() + used, ahead.Start(), piece);
      used += piece;
      ahead.Skip(piece);
    }
    return {scratch.data(), used};
  }
  bool HoldsMoreThan(size_t size) const {
    size += offset_;
    for (const iovec& part : parts_) {
      if (part.iov_len > size) return true;
      size -= part.iov_len;
    }
    return false;
  }
  void Skip(size_t size) {
    while (size > 0) {
      const size_t piece = std::min(size, parts_[0].iov_len - offset_);
      size -= piece;
      offset_ += piece;
      SkipEmpty();
    }
  }

 private:
  const char* Start() const { return static_cast<const char*>(parts_[0].iov_base) + offset_; }
  void SkipEmpty() {
    while (!parts_.empty() && parts_[0].iov_len == offset_) {
      parts_ = parts_.subspan(1);
      offset_ = 0;
    }
  }

  std::span<const iovec> parts_;
  size_t offset_ = 0;  // in parts_[0]
};

TlsFailure FailureOf(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return TlsFailure::kProtocol;
  const int reason = ERR_GET_REASON(error);
  if (reason > SSL_AD_REASON_OFFSET) return TlsFailure::kRefused;
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_UNKNOWN_PROTOCOL:
      return TlsFailure::kVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return TlsFailure::kNothingInCommon;
    case SSL_R_NO_APPLICATION_PROTOCOL:
      return TlsFailure::kAlpn;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return TlsFailure::kClosed;
    default:
      return TlsFailure::kProtocol;
  }
}

}  // namespace

// What OpenSSL reads from and writes to. A write takes everything, or the socket is broken.
struct TlsBio {
  static BIO_METHOD* Method() {
    static BIO_METHOD* const kMethod = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
      CHECK(made != nullptr);
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    return kMethod;
  }

  static int Read(BIO* bio, char* into, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (stream.HoldsTooMuch()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const ssize_t got = recv(stream.fd_, into, static_cast<size_t>(size), MSG_DONTWAIT);
    if (got == 0) stream.peer_gone_ = true;
    if (got < 0 && IsTemporary(errno)) BIO_set_retry_read(bio);
    return static_cast<int>(got);
  }

  static int Write(BIO* bio, const char* bytes, int size) {
    auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const size_t all = static_cast<size_t>(size);
    const int64_t sent = stream.Holds() ? 0 : stream.SendSome(bytes, all);
    if (sent < 0) return -1;
    stream.held_.append(bytes + sent, all - static_cast<size_t>(sent));
    return size;
  }

  static long Control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->peer_gone_;
    return 0;
  }
};

TlsStream::TlsStream(TlsContext& context, int fd) : context_(context), fd_(fd) {
  ++context_.stats().pending;
}

TlsStream::~TlsStream() {
  if (!secured_) {
    --context_.stats().pending;
    if (ssl_ != nullptr) CountFailure(TlsFailure::kClosed);
  }
  SSL_free(ssl_);
}

bool TlsStream::Open() {
  ssl_ = context_.NewConnection();
  BIO* bio = BIO_new(TlsBio::Method());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return false;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
  return true;
}

TlsStream::State TlsStream::Handshake() {
  if (ssl_ == nullptr) {
    unsigned char first = 0;
    const ssize_t got = recv(fd_, &first, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && IsTemporary(errno)) return State::kOpen;
    if (got <= 0) return State::kBroken;
    if (first != kHandshakeRecord) {
      CountFailure(TlsFailure::kClearText);
      return State::kClearText;
    }
    if (!Open()) return State::kBroken;
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return FailHandshake(result);
  secured_ = true;
  --context_.stats().pending;
  ++(SSL_session_reused(ssl_) == 1 ? context_.stats().resumed : context_.stats().full);
  return State::kSecured;
}

TlsStream::State TlsStream::FailHandshake(int result) {
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ) return State::kOpen;
  const bool gone = peer_gone_ || socket_broken_ || error == SSL_ERROR_SYSCALL;
  CountFailure(gone ? TlsFailure::kClosed : FailureOf(ERR_peek_error()));
  return State::kBroken;
}

void TlsStream::GiveUpHandshake() {
  CountFailure(TlsFailure::kTimeout);
}

void TlsStream::CountFailure(TlsFailure failure) {
  if (!std::exchange(counted_, true)) context_.stats().CountFailure(failure);
}

TlsStream::ReadResult TlsStream::Read(std::span<char> buffer) {
  CHECK(buffer.size() >= kRecordBytes);
  write_waits_for_read_ = false;
  size_t used = 0;
  for (int i = 0; i < kRecordsPerRead && buffer.size() - used >= kRecordBytes; ++i) {
    ERR_clear_error();
    size_t got = 0;
    if (SSL_read_ex(ssl_, buffer.data() + used, buffer.size() - used, &got) == 1) {
      used += got;
      continue;
    }
    const int error = SSL_get_error(ssl_, 0);
    if (error == SSL_ERROR_WANT_READ) break;
    return {used, error == SSL_ERROR_ZERO_RETURN ? State::kEnd : State::kBroken};
  }
  return {used, State::kOpen};
}

int64_t TlsStream::Write(std::span<const iovec> parts, std::span<char> scratch) {
  CHECK(scratch.size() >= kRecordBytes);
  if (!secured_) return 0;
  int64_t taken = 0;
  for (RecordCutter cutter(parts); !cutter.AtEnd() && !Holds();) {
    const std::string_view record = cutter.Next(scratch);
    more_follows_ = cutter.HoldsMoreThan(record.size());
    ERR_clear_error();
    size_t written = 0;
    if (SSL_write_ex(ssl_, record.data(), record.size(), &written) != 1) {
      if (SSL_get_error(ssl_, 0) != SSL_ERROR_WANT_READ) return -1;
      write_waits_for_read_ = true;
      break;
    }
    cutter.Skip(written);
    taken += static_cast<int64_t>(written);
  }
  more_follows_ = false;
  if (corked_) Uncork();
  return taken;
}

bool TlsStream::HoldsTooMuch() const {
  return held_.size() > kHeldLimitBytes;
}

bool TlsStream::Flush() {
  if (!Holds()) return !socket_broken_;
  const int64_t sent = SendSome(held_.data(), held_.size());
  if (sent < 0) return false;
  held_.erase(0, static_cast<size_t>(sent));
  if (held_.empty()) held_.shrink_to_fit();
  return true;
}

// Negative: broken.
int64_t TlsStream::SendSome(const char* bytes, size_t size) {
  const int more = more_follows_ ? MSG_MORE : 0;
  const ssize_t sent = send(fd_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT | more);
  if (sent < 0 && IsTemporary(errno)) return 0;
  // Where the kernel runs out of room it sends all that it has.
  corked_ = more_follows_ && sent == static_cast<ssize_t>(size);
  socket_broken_ = sent < 0;
  return sent;
}

// Nothing came behind a record that was to have more behind it: the kernel would wait 200 ms.
void TlsStream::Uncork() {
  corked_ = false;
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // sends what waits (tcp(7))
}

void TlsStream::SendEnd() {
  if (!secured_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);  // one direction; what the peer still sends can be read
}

std::string_view TlsStream::Protocol() const {
  if (ssl_ == nullptr) return {};
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace tailrace
