// Transport: the bytes of one connection to the server, plain or under TLS.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

struct ssl_st;

namespace tailrace::bench {

/// Where the server is. On 127.0.0.1, always: nobody else is to be loaded by accident.
struct Target {
  uint16_t port = 0;
  bool tls = false;
  bool http2 = false;  ///< For viewers. Under TLS by ALPN, else by prior knowledge.
};

class Transport {
 public:
  /// Takes `fd` over, which may still be connecting.
  Transport(int fd, const Target& target);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  int fd() const { return fd_; }
  bool tls() const { return ssl_ != nullptr; }
  /// As send() and recv(): -1 with EAGAIN if nothing can be done before the socket is ready again,
  /// for whatever; any other errno: it is broken. 0 of Receive: the other side closed.
  /// Under TLS, Receive is to be called until EAGAIN.
  ssize_t Send(std::string_view bytes);
  ssize_t Receive(char* to, size_t size);

 private:
  ssize_t Result(int done);

  int fd_;
  ssl_st* ssl_ = nullptr;
};

}  // namespace tailrace::bench
