// Say: what is told to the person at the terminal while lines are taken to the server.
#pragma once

#include <functional>
#include <string>

namespace tailrace {

/// Both are called on any thread and take one line without its end.
struct Say {
  using Sink = std::function<void(const std::string&)>;
  Sink note;  ///< Good to know; --quiet leaves it out.
  Sink warn;  ///< Lines are lost or the command did not run: always said.
};

}  // namespace tailrace
