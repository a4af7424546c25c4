#include "access/same_origin.h"

#include <string>

namespace tailrace {

bool IsSafeMethod(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions;
}

bool IsSameOrigin(const RequestHead& head, bool secure, std::string_view host) {
  const auto site = head.headers.Find("Sec-Fetch-Site");
  if (site) return *site == "same-origin" || *site == "none";
  const auto origin = head.headers.Find("Origin");
  if (!origin) return true;
  const std::string own = std::string(secure ? "https://" : "http://").append(host);
  return !host.empty() && EqualsIgnoreCase(*origin, own);
}

}  // namespace tailrace
