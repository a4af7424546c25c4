// Connection: a stream socket's two directions, in clear text or under TLS. In clear text without
// any buffer of its own.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "io/address.h"
#include "io/poller.h"

namespace tailrace {

class Loop;
class TlsContext;

class ConnectionHandler {
 public:
  /// TLS only: the handshake is done, and bytes may come and go.
  virtual void OnSecured() {}
  /// `bytes` are the loop's read buffer: gone when this returns. May destroy the connection.
  virtual void OnRead(std::string_view bytes) = 0;
  /// The peer will send no more. It may still read (RFC 9112 §9.6). May destroy the connection.
  virtual void OnReadEnd() = 0;
  /// There is room again, after Write took less than it was given.
  virtual void OnWritable() = 0;
  /// Both directions are gone; under TLS also: the handshake failed, the peer sent what is not TLS
  /// any more, or was cut off. Destroy the connection.
  virtual void OnBroken() = 0;

 protected:
  ~ConnectionHandler() = default;
};

class Connection final : private PollHandler {
 public:
  /// Owns `fd`. Reads from now on. With `tls` it is the server's end of a TLS connection; `tls`
  /// outlives it. Null: clear text.
  Connection(Loop& loop, int fd, ConnectionHandler& handler, TlsContext* tls = nullptr);
  /// Goes on with the socket of `from`, which must only be destroyed. Not inside of a callback of
  /// it.
  Connection(Connection&& from, ConnectionHandler& handler);
  ~Connection();

  /// One system call, under TLS one a record (the kernel joins them). Returns how much was taken:
  /// less than the sum means that OnWritable will come; negative: broken (destroy the connection,
  /// no callback follows). What was taken is in the kernel, but under TLS the end of it may wait
  /// here (Holds).
  int64_t Write(std::span<const iovec> parts);
  int64_t Write(std::string_view bytes);

  /// While not wanted, the peer is held back by TCP. After the peer's end nothing is read anyway.
  void WantRead(bool want);
  /// No more will be written; the peer sees the end of the stream, behind all that was taken.
  /// Without it the end of a TLS connection looks like a cut.
  void ShutdownWrite();
  bool ReadEnded() const { return read_ended_; }
  bool Blocked() const { return blocked_; }
  PeerAddress Peer() const { return PeerOf(poller_.fd()); }
  bool UnderTls() const { return tls_ != nullptr; }

  /// TLS only. Before OnSecured nothing is read, and a write takes nothing.
  bool Handshaking() const;
  /// It takes too long: counts it. Destroy the connection.
  void GiveUpHandshake();
  /// Bytes that were taken have still to go: to destroy the connection now would cut them off.
  bool Holds() const;
  /// A connection with `tls` whose first byte was not one of TLS. It goes on in clear text, so that
  /// the client can be told; nothing else may be answered.
  bool ClearTextInstead() const { return clear_text_instead_; }
  /// What the client chose by ALPN (RFC 7301), as in "http/1.1"; empty: nothing, or no TLS.
  std::string_view Protocol() const;

 private:
  struct Tls;

  void OnReady(bool readable, bool writable) override;
  void OnBroken() override { handler_.OnBroken(); }
  void Update();
  void Read();
  void ReadTls();
  void OnTlsWritable();
  void Handshake();

  Loop& loop_;
  ConnectionHandler& handler_;
  Poller poller_;
  std::unique_ptr<Tls> tls_;  // null: clear text
  bool want_read_ = true;
  bool blocked_ = false;  // Write took less than it was given
  bool read_ended_ = false;
  bool clear_text_instead_ = false;
};

}  // namespace tailrace
