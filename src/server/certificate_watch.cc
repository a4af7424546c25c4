#include "server/certificate_watch.h"

#include <memory>
#include <utility>

#include "base/time.h"
#include "server/structured_log.h"

namespace tailrace {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr int64_t kSoonS = 14 * 86'400;

}  // namespace

void LogCertificate(const TlsContext& tls) {
  const TlsCertificate certificate = tls.Certificate();
  const int64_t left_s = certificate.not_after_s - Clock::System().Now() / kNsPerSecond;
  const char* message = "certificate in force";
  if (left_s < kSoonS)
    message = left_s < 0 ? "certificate has expired" : "certificate expires soon";
  LogLine(left_s < kSoonS ? LogLevel::kWarn : LogLevel::kInfo, message)
      .Add("subject", certificate.subject)
      .Add("expires", FormatRfc3339(certificate.not_after_s * kNsPerSecond))
      .Add("file", tls.files().certificate);
}

CertificateWatch::CertificateWatch(Loop& loop, TlsContext& tls, uint64_t interval_ms)
    : loop_(loop), tls_(tls), interval_ms_(interval_ms) {}

void CertificateWatch::Start() {
  loop_.After(interval_ms_, [this] { Look(); });
}

void CertificateWatch::Look() {
  auto stamps = std::make_shared<FileStamps>();
  loop_.RunInPool([this, stamps] { *stamps = tls_.files().Stamps(); },
                  [this, stamps] {
                    if (change_.Look(*stamps, tls_.LastRead())) Reload();
                    Start();
                  });
}

void CertificateWatch::Reload() {
  again_ = reloading_;
  if (std::exchange(reloading_, true)) return;
  auto result = std::make_shared<Result<void>>();
  loop_.RunInPool([this, result] { *result = tls_.Reload(); },
                  [this, result] {
                    if (*result) {
                      LogCertificate(tls_);
                    } else {
                      LogLine(LogLevel::kError,
                              "the new certificate cannot be used, the old one stays")
                          .Add("error", result->error().message);
                    }
                    reloading_ = false;
                    if (again_) Reload();
                  });
}

}  // namespace tailrace
