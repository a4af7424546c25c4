#include "server/listen_address.h"

#include <string>

namespace tailrace {

Result<ListenAddress> ParseListenAddress(std::string_view text, bool has_certificate) {
  constexpr std::string_view kClear = "http://";
  constexpr std::string_view kTls = "https://";
  const bool clear = text.starts_with(kClear);
  const bool tls = text.starts_with(kTls);
  if (tls && !has_certificate) {
    return Fail(ErrorCode::kInvalid,
                "listen: " + std::string(text) + " needs a certificate: set tls.cert and tls.key");
  }
  if (clear) text.remove_prefix(kClear.size());
  if (tls) text.remove_prefix(kTls.size());
  Result<Address> address = ParseAddress(text);
  if (!address) return Fail(address.error());
  const bool leaves = address->storage.ss_family != AF_UNIX;
  return ListenAddress{std::move(*address), tls || (has_certificate && !clear && leaves)};
}

}  // namespace tailrace
