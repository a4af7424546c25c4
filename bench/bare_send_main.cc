// bench_bare_send [FILE | --tls CERTIFICATE KEY]: the least that a server of viewers can do, and so
// the limit of all of them. GET makes a viewer of the connection; the body of a POST goes to every
// viewer by one send() each. With FILE it is written and synced first, as whoever promises
// durability has to: all bodies of one turn of the loop at once. Under TLS, SSL_write() instead.
// Prints "PORT\n" and runs until standard input ends.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/bare_link.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

class BareServer {
 public:
  BareServer(const char* file, TlsContext tls)
      : epoll_(epoll_create1(EPOLL_CLOEXEC)), tls_(std::move(tls)) {
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
  struct Peer {
    Peer(int fd, SSL_CTX* tls) : link(fd, tls) {}
    BareLink link;
    std::string request;
  };

  void Watch(int fd) {
    epoll_event event{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void Accept() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    peers_[fd] = std::make_unique<Peer>(fd, tls_.get());
    Watch(fd);
  }

  void Read(int fd) {
    Peer& peer = *peers_[fd];
    std::string& request = peer.request;
    if (!peer.link.Read(request)) {
      std::erase(viewers_, &peer.link);
      std::erase(producers_, &peer.link);
      peers_.erase(fd);
      return;
    }
    const size_t head_end = request.find("\r\n\r\n");
    if (head_end == std::string::npos) return;
    if (request.starts_with("GET")) {
      peer.link.Write(
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
          "chunked\r\n\r\n");
      viewers_.push_back(&peer.link);
      request.clear();
      return;
    }
    constexpr std::string_view kLength = "Content-Length: ";
    const size_t length = request.find(kLength) + kLength.size();
    size_t body_bytes = 0;
    std::from_chars(request.data() + length, request.data() + request.size(), body_bytes);
    if (request.size() < head_end + 4 + body_bytes) return;
    bodies_.append(request, head_end + 4, body_bytes);
    producers_.push_back(&peer.link);
    request.clear();
  }

  void EndTurn() {
    if (producers_.empty()) return;
    if (file_ >= 0 && (write(file_, bodies_.data(), bodies_.size()) < 0 || fdatasync(file_) != 0)) {
      Die("the file cannot be written");
    }
    for (BareLink* const viewer : viewers_) viewer->Write(bodies_);
    constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"position\":0}";
    for (BareLink* const producer : producers_) producer->Write(kAnswer);
    producers_.clear();
    bodies_.clear();
  }

  int epoll_;
  int listener_;
  int file_ = -1;
  TlsContext tls_;
  std::unordered_map<int, std::unique_ptr<Peer>> peers_;  // by descriptor
  std::vector<BareLink*> viewers_;
  std::vector<BareLink*> producers_;  // whose bodies came in this turn
  std::string bodies_;
};

}  // namespace
}  // namespace tailrace::bench

int main(int argc, char** argv) {
  using namespace tailrace::bench;
  RaiseDescriptorLimit();
  signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const bool tls = argc == 4 && std::strcmp(argv[1], "--tls") == 0;
  BareServer server(argc == 2 ? argv[1] : nullptr, tls ? LoadTls(argv[2], argv[3]) : TlsContext());
  server.Run();
  return 0;
}
