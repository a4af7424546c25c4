// LogPattern: which logs a grant or a token is about, by their names.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

/// "TYPE/ID", where '*' stands for any run of characters, also an empty one, within its part;
/// "*" alone is "*/*". Case counts, as it does in names.
class LogPattern {
 public:
  /// kInvalid says what is wrong, without the name of the setting.
  static Result<LogPattern> Parse(std::string_view text);

  bool Fits(std::string_view type, std::string_view id) const;
  /// "*/*": every log that there is or will be.
  bool FitsAll() const { return type_ == "*" && id_ == "*"; }
  std::string Text() const { return type_ + "/" + id_; }

 private:
  LogPattern(std::string_view type, std::string_view id) : type_(type), id_(id) {}

  std::string type_;
  std::string id_;
};

}  // namespace tailrace
