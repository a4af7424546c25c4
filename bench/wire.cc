#include "bench/wire.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace tailrace::bench {
namespace {

constexpr size_t kConnectionsPerSource = 4000;
constexpr int kConnectTimeoutMs = 30'000;

}  // namespace

void Die(const std::string& reason) {
  std::fprintf(stderr, "bench: %s", reason.c_str());
  if (errno != 0) std::fprintf(stderr, " (errno: %s)", std::strerror(errno));
  std::fputc('\n', stderr);
  std::exit(1);
}

uint64_t NowNs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

uint64_t CpuNs(int pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/task";
  DIR* tasks = opendir(folder.c_str());
  if (tasks == nullptr) Die("no process " + std::to_string(pid));
  uint64_t total_ns = 0;
  while (const dirent* task = readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    std::ifstream in(folder + "/" + task->d_name + "/schedstat");
    uint64_t ns = 0;
    if (in >> ns) total_ns += ns;
  }
  closedir(tasks);
  return total_ns;
}

uint64_t ResidentBytes(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  uint64_t size = 0;
  uint64_t resident = 0;
  if (!(in >> size >> resident)) Die("no process " + std::to_string(pid));
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int StartConnect(uint16_t port, size_t index, int receive_bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) Die("socket");
  const int one = 1;
  const linger reset{1, 0};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  if (receive_bytes > 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  }
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + 1 + static_cast<uint32_t>(index / kConnectionsPerSource));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) Die("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result < 0 && errno != EINPROGRESS) Die("connect");
  return fd;
}

int ConnectLoopback(uint16_t port, size_t index) {
  const int fd = StartConnect(port, index);
  pollfd one{fd, POLLOUT, 0};
  int problem = 0;
  socklen_t size = sizeof problem;
  errno = 0;
  if (poll(&one, 1, kConnectTimeoutMs) <= 0) Die("connect: no answer");
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size);
  errno = problem;
  if (problem != 0) Die("connect");
  return fd;
}

std::string_view HeaderValue(std::string_view head, std::string_view name) {
  const auto same = [](char small, char any) {
    return small == (any >= 'A' && any <= 'Z' ? any + 32 : any);
  };
  for (size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at)) {
    ++at;
    const std::string_view line = head.substr(at, head.find('\r', at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!std::equal(name.begin(), name.end(), line.begin(), same)) continue;
    const size_t value = line.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

std::string PostRequest(std::string_view path, std::string_view body,
                        std::string_view content_type) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nHost: bench\r\nContent-Type: ").append(content_type);
  request.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  request.append(body);
  return request;
}

}  // namespace tailrace::bench
