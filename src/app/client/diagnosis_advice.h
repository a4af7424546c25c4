// The lines of configuration that mend what `tailrace doctor` finds, by proxy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

struct AdviceQuery {
  std::string_view id;      ///< DoctorFinding::id
  std::string_view proxy;   ///< "nginx", "caddy", "haproxy"; empty: for all of them.
  bool uwsgi = false;       ///< nginx asks by uwsgi_pass.
  bool forwarded = false;   ///< The server reads Forwarded and not X-Forwarded-*.
  uint64_t timeout_s = 75;  ///< Replaces "{T}".
};

/// "nginx: proxy_buffering off;". Empty: there is nothing to change, or nobody knows where.
std::vector<std::string> AdviceFor(const AdviceQuery& query);

}  // namespace tailrace
