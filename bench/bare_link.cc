#include "bench/bare_link.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "bench/wire.h"

namespace tailrace::bench {

TlsContext LoadTls(const char* certificate_file, const char* key_file) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // What Tailrace prefers: the same work for both.
  SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256");
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key_file, SSL_FILETYPE_PEM) != 1) {
    Die("certificate or key cannot be used");
  }
  return context;
}

BareLink::BareLink(int fd, SSL_CTX* context) : fd_(fd) {
  if (context == nullptr) return;
  session_.reset(SSL_new(context));
  SSL_set_fd(session_.get(), fd);
  SSL_set_accept_state(session_.get());
}

BareLink::~BareLink() {
  session_.reset();
  close(fd_);
}

bool BareLink::Read(std::string& to) {
  char bytes[65536];
  if (session_ == nullptr) {
    const ssize_t got = recv(fd_, bytes, sizeof bytes, 0);
    if (got > 0) to.append(bytes, static_cast<size_t>(got));
    return got > 0 || (got < 0 && errno == EAGAIN);
  }
  for (;;) {
    const int got = SSL_read(session_.get(), bytes, sizeof bytes);
    if (got <= 0) return SSL_get_error(session_.get(), got) == SSL_ERROR_WANT_READ;
    to.append(bytes, static_cast<size_t>(got));
  }
}

ssize_t BareLink::WriteSome(std::string_view bytes) {
  if (session_ == nullptr) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 && errno == EAGAIN ? 0 : sent;
  }
  const int sent = SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (sent > 0) return sent;
  return SSL_get_error(session_.get(), sent) == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void BareLink::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = WriteSome(bytes);
    if (sent < 0) return;  // gone; Read finds out
    bytes.remove_prefix(static_cast<size_t>(sent));
    if (sent == 0) {
      pollfd one{fd_, POLLOUT, 0};
      poll(&one, 1, -1);
    }
  }
}

}  // namespace tailrace::bench
