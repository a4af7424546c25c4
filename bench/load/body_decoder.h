// BodyDecoder: Content-Encoding undone as the bytes come. By zlib and libzstd themselves and none
// of the server's code, since it is the server that is looked at.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tailrace::bench {

class BodyDecoder {
 public:
  virtual ~BodyDecoder() = default;
  /// "gzip" or "zstd"; nullptr for anything else.
  static std::unique_ptr<BodyDecoder> For(std::string_view coding);

  /// Appends what `bytes` decode to, all of it. False: they are damaged; the object is of no
  /// further use.
  virtual bool Decode(std::string_view bytes, std::string& out) = 0;
  /// The body may end here: the trailer or the frame is complete.
  virtual bool AtEnd() const = 0;
};

}  // namespace tailrace::bench
