// One accepted connection of bench_bare_send: a socket, and a TLS session on it where there is a
// certificate. As little as can be: no buffers of its own, a record and a send() for each 16 KiB.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace tailrace::bench {

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;

/// Dies if the files do not fit.
TlsContext LoadTls(const char* certificate_file, const char* key_file);

class BareLink {
 public:
  /// Owns `fd`, which must not block. `context`: null for clear text.
  BareLink(int fd, SSL_CTX* context);
  ~BareLink();
  BareLink(const BareLink&) = delete;
  BareLink& operator=(const BareLink&) = delete;

  int fd() const { return fd_; }
  /// Appends what is there, after the handshake if one is due. False: the peer has gone.
  bool Read(std::string& to);
  /// All of it; waits for room if the reader is far behind. What a peer that has gone does not
  /// take is dropped.
  void Write(std::string_view bytes);

 private:
  /// As send(): bytes taken, or 0 when there is no room, or -1.
  ssize_t WriteSome(std::string_view bytes);

  int fd_;
  std::unique_ptr<SSL, FreeTls> session_;
};

}  // namespace tailrace::bench
