// Loopback sockets, HTTP exchanges and clocks of the load generators. A program that measures has
// nobody to report to: what cannot work ends it, with a reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::bench {

/// Prints the reason (and errno's) and exits with 1.
[[noreturn]] void Die(const std::string& reason);

uint64_t NowNs();
/// CPU time that all threads of the process have used so far. Dies if there is no such process.
uint64_t CpuNs(int pid);
/// Resident memory of the process.
uint64_t ResidentBytes(int pid);
/// As many descriptors as this process may have.
void RaiseDescriptorLimit();

/// A connected non-blocking socket to 127.0.0.1. `index` chooses among source addresses, so that
/// thousands of connections do not run out of ports. Closing it leaves no TIME_WAIT behind.
int ConnectLoopback(uint16_t port, size_t index);

std::string PostRequest(std::string_view path, std::string_view body,
                        std::string_view content_type = "text/plain");

/// Waits for the whole answer; dies unless it is 2xx. Returns head and body.
std::string BlockingExchange(uint16_t port, std::string_view request);

/// One request at a time on one non-blocking connection.
class Exchange {
 public:
  Exchange(uint16_t port, size_t index) : fd_(ConnectLoopback(port, index)) {}
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  int fd() const { return fd_; }
  bool Busy() const { return busy_; }
  /// What has not been sent yet wants EPOLLOUT.
  bool Sending() const { return sent_ < request_.size(); }
  /// `request` is swapped in; take it back by Reuse.
  void Start(std::string& request);
  /// Sends and receives what can be. True: the answer is complete (then Busy() is false), 2xx.
  bool Advance();
  /// The last answer, head and body.
  const std::string& answer() const { return answer_; }

 private:
  bool Complete() const;

  int fd_;
  bool busy_ = false;
  std::string request_;
  size_t sent_ = 0;
  std::string answer_;
};

}  // namespace tailrace::bench
