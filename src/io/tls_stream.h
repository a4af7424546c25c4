// TlsStream: one connection's TLS over a non-blocking stream socket. Knows no loop: its owner
// (Connection) calls it when the socket is ready.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

struct bio_st;
struct ssl_st;

namespace tailrace {

class TlsContext;
enum class TlsFailure : uint8_t;

/// An idle one costs about 14 kB (OpenSSL's state; its 16 kB buffers exist only while a record is
/// under way), and before the client's first byte next to nothing.
///
/// What OpenSSL writes and the kernel does not take is held here: at most one record of ours and
/// what the protocol itself answers. So OpenSSL is never stopped in the middle of a record, and
/// what Write has taken is on its way for good.
class TlsStream {
 public:
  enum class State : uint8_t {
    kOpen,
    kSecured,    ///< The handshake is done, just now.
    kEnd,        ///< The peer said that it sends no more (close_notify).
    kBroken,     ///< Failed, reset, or cut without a close_notify (RFC 8446 §6.1).
    kClearText,  ///< The first byte is not one of TLS; nothing was read and nothing sent.
  };
  struct ReadResult {
    size_t size = 0;  ///< Bytes before that.
    State state = State::kOpen;
  };
  /// The plain text of a full record (RFC 8446 §5.1).
  static constexpr size_t kRecordBytes = 16 << 10;

  /// The descriptor is the caller's, and closed after this.
  TlsStream(TlsContext& context, int fd);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  bool Handshaking() const { return !secured_; }
  /// Goes on with it, as far as the peer's bytes go. While Handshaking(). A failure is counted.
  State Handshake();
  /// It takes too long; the connection is closed next.
  void GiveUpHandshake();

  /// Reads until the socket is empty or `buffer` nearly full: no byte that has been decrypted stays
  /// here. `buffer` holds a full record at least. After the handshake.
  ReadResult Read(std::span<char> buffer);

  /// Full records first. Returns how much was taken; negative: broken. `scratch`: kRecordBytes, to
  /// join small parts in. While Holds() nothing is taken.
  int64_t Write(std::span<const iovec> parts, std::span<char> scratch);
  /// The last Write stopped because a message of the handshake's kind is half read: Read goes on
  /// before Write can.
  bool WriteWaitsForRead() const { return write_waits_for_read_; }

  /// Bytes wait for the socket: call Flush when there is room.
  bool Holds() const { return !held_.empty(); }
  /// More of them than a peer may make us hold: read no more before Flush.
  bool HoldsTooMuch() const;
  /// False: broken.
  bool Flush();

  /// Nothing more will be written: sends close_notify. The peer takes an end without it for a cut.
  void SendEnd();

  /// By ALPN: "http/1.1"; empty: the client did not ask.
  std::string_view Protocol() const;

 private:
  friend struct TlsBio;
  bool Open();
  State FailHandshake(int result);
  void CountFailure(TlsFailure failure);
  int64_t SendSome(const char* bytes, size_t size);
  void Uncork();

  TlsContext& context_;
  ssl_st* ssl_ = nullptr;  // from the client's first byte on
  std::string held_;
  int fd_;
  bool secured_ = false;
  bool counted_ = false;  // that the handshake failed
  bool socket_broken_ = false;
  bool peer_gone_ = false;
  bool write_waits_for_read_ = false;
  bool more_follows_ = false;  // the record under way is not the last one of its Write
  bool corked_ = false;        // the kernel was told so, and has sent it or not
};

}  // namespace tailrace
