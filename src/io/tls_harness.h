// For tests: certificates made on the spot, and OpenSSL's client on the other end of a socket pair.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/tls_context.h"

namespace tailrace {

/// A certificate of its own authority and its key, in a folder that goes with it.
class TestCertificate {
 public:
  /// 30 days from now; `days` < 0: expired.
  explicit TestCertificate(const std::string& name = "localhost", int days = 30);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  const TlsFiles& files() const { return files_; }
  /// Writes another one of this name to the same files.
  void Replace(const std::string& name);
  /// Writes `text` to a file of the folder and returns its path.
  std::string Write(const std::string& name, std::string_view text) const;
  /// Writes another key, locked by this pass phrase, and returns its path.
  std::string LockKey(const std::string& pass_phrase) const;
  static std::string ReadAll(const std::string& path);

 private:
  void Make(const std::string& name, int days);
  std::string folder_;
  TlsFiles files_;
};

struct TlsClientOptions {
  int version = TLS1_3_VERSION;
  std::string ciphers = {};        ///< Of TLS 1.2 and older.
  std::string protocols = {};      ///< ALPN, each with its length before it.
  SSL_SESSION* session = nullptr;  ///< To resume.
  std::string trusted = {};        ///< Verifies against this file; empty: trusts everybody.
  size_t bytes_a_step = 0;         ///< Between it and the socket, each way; 0: all there is.
};

/// Acts when it is asked to (Step) and never blocks.
class TlsClient {
 public:
  /// Owns `fd`, non-blocking.
  explicit TlsClient(int fd, const TlsClientOptions& options = {});
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// Moves bytes both ways, as far as they go.
  void Step();
  /// From the next Step on.
  void Send(std::string_view text) { to_send_.append(text); }
  /// To the socket at once, past TLS.
  void SendRaw(std::string_view bytes) { outgoing_.append(bytes); }
  /// One record as this client would send it, of any content type and cut anywhere: TLS 1.3 with
  /// TLS_AES_128_GCM_SHA256. `number`: of its records since the handshake. It can send by itself no
  /// more after that.
  std::string Seal(uint64_t number, uint8_t type, std::string_view text) const;
  /// close_notify, and nothing else.
  void End();
  /// The socket, without close_notify.
  void Cut();
  /// While false nothing is taken from the socket.
  void SetReading(bool reading) { reading_ = reading; }

  SSL* ssl() { return ssl_; }
  bool Secured() const { return SSL_is_init_finished(ssl_) == 1; }
  bool Ended() const { return ended_; }  ///< The server sent close_notify.
  size_t Unsent() const { return outgoing_.size(); }
  bool Gone() const { return gone_; }  ///< The server's socket is closed.
  const std::string& received() const { return received_; }
  const std::string& failure() const { return failure_; }
  /// Of the application data records received: their sizes on the wire.
  const std::vector<size_t>& records() const { return records_; }
  std::string PeerName() const;
  /// The newest ticket; the caller frees it.
  SSL_SESSION* TakeSession() { return std::exchange(session_, nullptr); }

 private:
  void MoveIn();
  void MoveOut();
  void Act();
  void NoteFailure(int result);

  int fd_;
  SSL_CTX* context_;
  SSL* ssl_;
  SSL_SESSION* session_ = nullptr;
  size_t bytes_a_step_;
  std::string to_send_;
  std::string outgoing_;
  std::string received_;
  std::string failure_;
  std::string secret_;  // CLIENT_TRAFFIC_SECRET_0
  std::vector<size_t> records_;
  bool reading_ = true;
  bool ended_ = false;
  bool gone_ = false;
};

}  // namespace tailrace
