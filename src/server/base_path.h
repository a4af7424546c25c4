// The path below which a browser finds the server, when it has not a whole host to itself.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/assets.h"

namespace tailrace {

/// Empty, or "/" and segments of [A-Za-z0-9._~-] without a "/" behind them. kInvalid.
Result<void> CheckBasePath(std::string_view base);

/// `path` (RequestHead::path) as routes know it. What is not below `base` stays as it is: a proxy
/// may have taken it off, and probes on this machine need not know it.
std::string_view WithoutBase(std::string_view path, std::string_view base);

/// index.html with the links and the base that its scripts read (web/src/base.ts). Must outlive
/// what asset() gives.
class IndexPage {
 public:
  explicit IndexPage(std::string_view base);
  Asset asset() const;

 private:
  std::string bytes_;  // empty: as it is embedded
  std::string etag_;
};

}  // namespace tailrace
