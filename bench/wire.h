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

/// A non-blocking socket that is being connected to 127.0.0.1. `index` chooses among source
/// addresses, so that thousands of connections do not run out of ports. Closing it leaves no
/// TIME_WAIT behind. `receive_bytes`: SO_RCVBUF; 0: TCP finds out how much it needs.
int StartConnect(uint16_t port, size_t index, int receive_bytes = 0);
/// The same, once it is connected.
int ConnectLoopback(uint16_t port, size_t index);

std::string PostRequest(std::string_view path, std::string_view body,
                        std::string_view content_type = "text/plain");

/// Value of a header field, whose name is given in small letters; empty: it is not there.
std::string_view HeaderValue(std::string_view head, std::string_view name);

}  // namespace tailrace::bench
