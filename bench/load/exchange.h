// Exchange: one HTTP/1.1 request at a time on one connection.
#pragma once

#include <string>

#include "bench/load/transport.h"

namespace tailrace::bench {

class Exchange {
 public:
  /// Connects; `index` as for ConnectLoopback.
  Exchange(const Target& target, size_t index);

  int fd() const { return transport_.fd(); }
  bool Busy() const { return busy_; }
  /// `request` is swapped in. What it held before comes back, for its memory.
  void Start(std::string& request);
  /// Behind the request, all of which is sent: its body goes on. Swapped in as well.
  void Continue(std::string& more);
  /// All that there is of the request is sent.
  bool Sent() const { return !Sending(); }
  /// Sends and receives what can be. True: the answer is complete (then Busy() is false), 2xx; any
  /// other answer ends the program.
  bool Advance();
  /// The last answer, head and body.
  const std::string& answer() const { return answer_; }

 private:
  bool Sending() const { return sent_ < request_.size(); }
  bool Complete() const;

  Transport transport_;
  bool busy_ = false;
  std::string request_;
  size_t sent_ = 0;
  std::string answer_;
};

}  // namespace tailrace::bench
