// Where somebody logs in who does so elsewhere (access.login_url).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

/// kInvalid: neither http(s)://… nor a path, or with what a Location must not have.
Result<void> CheckLoginUrl(std::string_view url);

/// Where the page is to which one comes back.
struct ReturnTo {
  std::string_view base_path;
  std::string_view next;  ///< Below it, without a '/' in front.
  std::string_view host;  ///< As the client asked for it; may be empty.
  bool secure = false;
};

/// `url` with {path} and {url} replaced by the page's path and address, each escaped for a query.
std::string LoginLocation(std::string_view url, const ReturnTo& page);

/// "a%20b/c": for a value in a query.
std::string QueryValue(std::string_view text);

}  // namespace tailrace
