#include "bench/load/transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr unsigned char kAlpnHttp1[] = "\x08http/1.1";
constexpr unsigned char kAlpnHttp2[] = "\x02h2";

// One for all connections. The certificate is not looked at: it is the bench's own.
SSL_CTX* TlsContext() {
  static SSL_CTX* context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(made, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                               SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    return made;
  }();
  return context;
}

}  // namespace

Transport::Transport(int fd, const Target& target) : fd_(fd) {
  if (!target.tls) return;
  ssl_ = SSL_new(TlsContext());
  if (ssl_ == nullptr) Die("no memory for TLS");
  SSL_set_fd(ssl_, fd_);
  SSL_set_connect_state(ssl_);
  if (target.http2) {
    SSL_set_alpn_protos(ssl_, kAlpnHttp2, sizeof kAlpnHttp2 - 1);
  } else {
    SSL_set_alpn_protos(ssl_, kAlpnHttp1, sizeof kAlpnHttp1 - 1);
  }
}

Transport::~Transport() {
  SSL_free(ssl_);
  close(fd_);
}

ssize_t Transport::Send(std::string_view bytes) {
  if (ssl_ == nullptr) return send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ERR_clear_error();
  return Result(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())));
}

ssize_t Transport::Receive(char* to, size_t size) {
  if (ssl_ == nullptr) return recv(fd_, to, size, MSG_DONTWAIT);
  ERR_clear_error();
  return Result(SSL_read(ssl_, to, static_cast<int>(std::min<size_t>(size, INT_MAX))));
}

ssize_t Transport::Result(int done) {
  if (done > 0) return done;
  switch (SSL_get_error(ssl_, done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      if (errno == 0 || errno == EAGAIN) errno = ECONNRESET;
      return -1;
    default:
      errno = EPROTO;
      return -1;
  }
}

}  // namespace tailrace::bench
