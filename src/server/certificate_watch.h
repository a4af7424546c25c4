// CertificateWatch: a running server takes a new certificate as soon as its files have changed.
#pragma once

#include <cstdint>

#include "io/file_stamp.h"
#include "io/loop.h"
#include "io/tls_context.h"

namespace tailrace {

/// On the loop's thread; files are read on the reader pool. The loop ends before it.
class CertificateWatch {
 public:
  /// Looks at the files every `interval_ms` from Start on. They are read when they have changed and
  /// then stayed the same for one interval, because who renews them writes one after the other.
  CertificateWatch(Loop& loop, TlsContext& tls, uint64_t interval_ms);

  void Start();
  /// Reads them now, whether they have changed or not.
  void Reload();

 private:
  void Look();

  Loop& loop_;
  TlsContext& tls_;
  const uint64_t interval_ms_;
  FileChange change_;
  bool reloading_ = false;
  bool again_ = false;  // asked for meanwhile
};

/// Says in the log whose certificate is in force until when.
void LogCertificate(const TlsContext& tls);

}  // namespace tailrace
