// ListenAddress: where to listen, and whether in clear text or under TLS.
#pragma once

#include <string_view>

#include "io/address.h"

namespace tailrace {

struct ListenAddress {
  Address address;
  bool tls = false;
};

/// As ParseAddress, with "https://" or "http://" before it if wanted. Without either it is TLS if
/// there is a certificate, but for a unix socket, which does not leave the machine. kInvalid: also
/// "https://" without a certificate.
Result<ListenAddress> ParseListenAddress(std::string_view text, bool has_certificate);

}  // namespace tailrace
