// The pages of web/ inside the program. cmake/Web.cmake makes the definition (target
// tailrace_assets).
#pragma once

#include <string_view>

namespace tailrace {

/// One file. All views live as long as the program.
struct Asset {
  std::string_view path;  ///< As in a request: "/index.html", "/assets/index-B1x9.js".
  std::string_view content_type;
  /// With W/ and quotes. Weak, because `bytes` and `gzip_bytes` share it (RFC 9110 §8.8.3.3).
  std::string_view etag;
  std::string_view bytes;
  std::string_view gzip_bytes;  ///< The same for `Content-Encoding: gzip`; empty: does not pay.
  /// The path has a hash of the content in it: `Cache-Control: public, max-age=31536000,
  /// immutable`. Otherwise `no-cache`, and the ETag decides.
  bool immutable = false;
};

/// The file with exactly this path, or nullptr. "/index.html" is always there: it is what `/` and
/// `/logs/TYPE/ID` show. Any thread.
const Asset* FindAsset(std::string_view path);

}  // namespace tailrace
