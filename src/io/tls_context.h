// TlsContext: the server's side of TLS: certificate, key, rules, tickets, counts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/file_stamp.h"
#include "io/ticket_keys.h"

struct ssl_st;
struct ssl_ctx_st;

namespace tailrace {

/// PEM files: the certificate with the chain that clients need behind it, and its key.
struct TlsFiles {
  std::string certificate;
  std::string key;

  FileStamps Stamps() const { return StampsOf({certificate, key}); }
};

struct TlsCertificate {
  std::string subject;      ///< RFC 2253, as in "CN=logs.example.org".
  int64_t not_after_s = 0;  ///< Unix time.
};

/// Why a handshake came to nothing.
enum class TlsFailure : uint8_t {
  kTimeout,          ///< tls_handshake_timeout_ms.
  kClearText,        ///< The first byte was not of TLS, as in a request of http://.
  kVersion,          ///< The client offers TLS 1.1 or older only.
  kNothingInCommon,  ///< No cipher, curve or signature that both know.
  kAlpn,             ///< The client wants another protocol than HTTP.
  kRefused,          ///< The client sent an alert: mostly it does not trust the certificate.
  kClosed,           ///< The client went away.
  kProtocol,         ///< Anything else: damaged bytes.
};
inline constexpr size_t kTlsFailures = 8;
/// "timeout", "clear_text", …: for a metric's label.
const char* TlsFailureName(TlsFailure failure);

struct TlsStats {
  std::atomic<uint64_t> pending = 0;  ///< Handshakes under way.
  std::atomic<uint64_t> full = 0;
  std::atomic<uint64_t> resumed = 0;
  std::array<std::atomic<uint64_t>, kTlsFailures> failed{};
  std::atomic<uint64_t> reloads = 0;
  std::atomic<uint64_t> failed_reloads = 0;

  void CountFailure(TlsFailure failure) { ++failed[static_cast<size_t>(failure)]; }
};

/// Any thread. Outlives the connections that are made with it.
///
/// TLS 1.2 and 1.3 (RFC 5246, 8446) with forward secrecy and authenticated encryption only; no
/// compression, no renegotiation, no early data. Sessions are resumed by tickets (RFC 5077), so
/// that the server keeps nothing for them. ALPN (RFC 7301): h2, then http/1.1.
class TlsContext {
 public:
  /// kInvalid names the file and the reason.
  static Result<std::unique_ptr<TlsContext>> Load(TlsFiles files,
                                                  const Clock& clock = Clock::System());
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// Reads the files again, for the connections that come from now on; tickets stay good. After an
  /// error all is as before. One thread at a time.
  Result<void> Reload();

  /// The server's end of a new connection. The caller frees it (SSL_free). Null: no memory.
  ssl_st* NewConnection();

  const TlsFiles& files() const { return files_; }
  TlsCertificate Certificate() const;
  /// What the files looked like when they were read last, well or badly.
  FileStamps LastRead() const;
  TlsStats& stats() { return stats_; }
  const TlsStats& stats() const { return stats_; }

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };
  using Owned = std::unique_ptr<ssl_ctx_st, FreeContext>;

  TlsContext(TlsFiles files, const Clock& clock) : files_(std::move(files)), tickets_(clock) {}
  Result<Owned> Make();

  const TlsFiles files_;
  TicketKeys tickets_;
  TlsStats stats_;
  mutable std::mutex mutex_;
  Owned context_;               // guarded by mutex_; connections hold it too
  TlsCertificate certificate_;  // guarded by mutex_
  FileStamps last_read_;        // guarded by mutex_
};

}  // namespace tailrace
