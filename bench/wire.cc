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

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

namespace tailrace::bench {
namespace {

constexpr size_t kConnectionsPerSource = 4000;

// What follows `name` in the head of an answer, up to the end of the line; empty: not there.
std::string_view HeaderOf(std::string_view answer, std::string_view name) {
  size_t at = answer.find(name);
  if (at == std::string_view::npos) return {};
  at += name.size();
  return answer.substr(at, answer.find('\r', at) - at);
}

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

int ConnectLoopback(uint16_t port, size_t index) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Die("socket");
  const int one = 1;
  const linger reset{1, 0};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + 1 + static_cast<uint32_t>(index / kConnectionsPerSource));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) Die("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) Die("connect");
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

std::string PostRequest(std::string_view path, std::string_view body,
                        std::string_view content_type) {
  std::string request = "POST ";
  request.append(path).append(" HTTP/1.1\r\nHost: bench\r\nContent-Type: ").append(content_type);
  request.append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  request.append(body);
  return request;
}

std::string BlockingExchange(uint16_t port, std::string_view request) {
  Exchange exchange(port, 0);
  std::string bytes(request);
  exchange.Start(bytes);
  while (!exchange.Advance()) {
    const short wanted = exchange.Sending() ? POLLIN | POLLOUT : POLLIN;
    pollfd one{exchange.fd(), wanted, 0};
    if (poll(&one, 1, 30'000) <= 0) Die("no answer in 30 s");
  }
  return exchange.answer();
}

Exchange::~Exchange() {
  close(fd_);
}

void Exchange::Start(std::string& request) {
  std::swap(request_, request);
  sent_ = 0;
  answer_.clear();
  busy_ = true;
}

bool Exchange::Advance() {
  if (!busy_) return false;
  if (Sending()) {
    const ssize_t sent =
        send(fd_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) Die("a request could not be sent");
    if (sent > 0) sent_ += static_cast<size_t>(sent);
    if (Sending()) return false;
  }
  char bytes[4096];
  const ssize_t got = recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) Die("the server closed a connection under a request");
  answer_.append(bytes, static_cast<size_t>(got));
  if (!Complete()) return false;
  if (answer_.compare(9, 1, "2") != 0) {
    errno = 0;
    Die("refused: " + answer_);
  }
  busy_ = false;
  return true;
}

bool Exchange::Complete() const {
  const std::string_view answer = answer_;
  const size_t head_end = answer.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return false;
  const std::string_view head = answer.substr(0, head_end + 2);
  const std::string_view length = HeaderOf(head, "Content-Length: ");
  if (length.empty()) {
    const bool chunked = head.find("chunked") != std::string_view::npos;
    return !chunked || answer.ends_with("0\r\n\r\n");
  }
  uint64_t body_bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), body_bytes);
  return answer.size() - head_end - 4 >= body_bytes;
}

}  // namespace tailrace::bench
