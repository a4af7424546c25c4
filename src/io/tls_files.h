// Certificate and key from PEM files into an OpenSSL context.
#pragma once

#include "base/result.h"
#include "io/tls_context.h"

namespace tailrace {

/// kInvalid: a file cannot be read, holds no PEM of its kind, is locked by a pass phrase, is too
/// weak, or the two do not belong together; the message begins with the file's name.
Result<TlsCertificate> UseTlsFiles(ssl_ctx_st* context, const TlsFiles& files);

}  // namespace tailrace
