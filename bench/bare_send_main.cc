// bench_bare_send [FILE]: the least that a server of viewers can do, and so the limit of all of
// them. GET makes a viewer of the connection; the body of a POST goes to every viewer by one send()
// each. With FILE it is written and synced first, as whoever promises durability has to: all bodies
// of one turn of the loop at once.
// Prints "PORT\n" and runs until standard input ends.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

class BareServer {
 public:
  explicit BareServer(const char* file) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (file != nullptr) file_ = open(file, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) < 0) Die("bind");
    if (listen(listener_, 4096) < 0) Die("listen");
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    Watch(listener_);
    Watch(STDIN_FILENO);
  }

  void Run() {
    std::vector<epoll_event> events(2048);
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), int(events.size()), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == STDIN_FILENO) return;
        if (fd == listener_) {
          Accept();
        } else {
          Read(fd);
        }
      }
      EndTurn();
    }
  }

 private:
  void Watch(int fd) {
    epoll_event event{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Watch(fd);
  }

  void Read(int fd) {
    char bytes[65536];
    const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      std::erase(viewers_, fd);
      requests_.erase(fd);
      close(fd);
      return;
    }
    std::string& request = requests_[fd].append(bytes, static_cast<size_t>(got));
    const size_t head_end = request.find("\r\n\r\n");
    if (head_end == std::string::npos) return;
    if (request.starts_with("GET")) {
      constexpr std::string_view kHead =
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
          "chunked\r\n\r\n";
      send(fd, kHead.data(), kHead.size(), MSG_NOSIGNAL);
      viewers_.push_back(fd);
      request.clear();
      return;
    }
    constexpr std::string_view kLength = "Content-Length: ";
    const size_t length = request.find(kLength) + kLength.size();
    size_t body_bytes = 0;
    std::from_chars(request.data() + length, request.data() + request.size(), body_bytes);
    if (request.size() < head_end + 4 + body_bytes) return;
    bodies_.append(request, head_end + 4, body_bytes);
    producers_.push_back(fd);
    request.clear();
  }

  // Waits for room if a viewer is far behind.
  void SendAll(int fd) {
    for (size_t done = 0; done < bodies_.size();) {
      const ssize_t sent =
          send(fd, bodies_.data() + done, bodies_.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) {
        done += static_cast<size_t>(sent);
      } else if (errno == EAGAIN) {
        pollfd one{fd, POLLOUT, 0};
        poll(&one, 1, -1);
      } else {
        return;  // gone; Read closes it
      }
    }
  }

  void EndTurn() {
    if (producers_.empty()) return;
    if (file_ >= 0 && (write(file_, bodies_.data(), bodies_.size()) < 0 || fdatasync(file_) != 0)) {
      Die("the file cannot be written");
    }
    for (const int fd : viewers_) SendAll(fd);
    constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"position\":0}";
    for (const int fd : producers_) send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
    producers_.clear();
    bodies_.clear();
  }

  int epoll_;
  int listener_;
  int file_ = -1;
  std::vector<int> viewers_;
  std::vector<int> producers_;  // whose bodies came in this turn
  std::string bodies_;
  std::map<int, std::string> requests_;
};

}  // namespace
}  // namespace tailrace::bench

int main(int argc, char** argv) {
  tailrace::bench::RaiseDescriptorLimit();
  tailrace::bench::BareServer server(argc > 1 ? argv[1] : nullptr);
  server.Run();
  return 0;
}
