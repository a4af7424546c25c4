// Connection: a stream socket's two directions, without any buffer of its own.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "io/poller.h"

namespace tailrace {

class Loop;

class ConnectionHandler {
 public:
  /// `bytes` are the loop's read buffer: gone when this returns. May destroy the connection.
  virtual void OnRead(std::string_view bytes) = 0;
  /// The peer will send no more. It may still read (RFC 9112 §9.6). May destroy the connection.
  virtual void OnReadEnd() = 0;
  /// There is room again, after Write took less than it was given.
  virtual void OnWritable() = 0;
  /// Both directions are gone. Destroy the connection.
  virtual void OnBroken() = 0;

 protected:
  ~ConnectionHandler() = default;
};

class Connection final : private PollHandler {
 public:
  /// Owns `fd`. Reads from now on.
  Connection(Loop& loop, int fd, ConnectionHandler& handler);

  /// One system call. Returns how much the kernel took: less than the sum means that OnWritable
  /// will come; negative: broken (destroy the connection, no callback follows).
  int64_t Write(std::span<const iovec> parts);
  int64_t Write(std::string_view bytes);

  /// While not wanted, the peer is held back by TCP. After the peer's end nothing is read anyway.
  void WantRead(bool want);
  /// No more will be written; the peer sees the end of the stream.
  void ShutdownWrite();
  bool ReadEnded() const { return read_ended_; }
  bool Blocked() const { return want_write_; }

 private:
  void OnReady(bool readable, bool writable) override;
  void OnBroken() override { handler_.OnBroken(); }
  void Update() { poller_.Watch(want_read_ && !read_ended_, want_write_); }

  Loop& loop_;
  ConnectionHandler& handler_;
  Poller poller_;
  bool want_read_ = true;
  bool want_write_ = false;
  bool read_ended_ = false;
};

}  // namespace tailrace
