#include "bench/load/link.h"

#include <cerrno>

#include "bench/load/answer_reader.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

class Http1Link final : public Link {
 public:
  Http1Link(int fd, const Target& target, std::vector<std::unique_ptr<Viewer>> viewers,
            Tally& tally)
      : Link(fd, target, std::move(viewers), tally) {
    const ViewerPlan& plan = viewer().plan();
    unsent_ =
        "GET " + viewer().Path() + " HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n";
    const auto add = [this](std::string_view name, const std::string& value) {
      if (!value.empty()) unsent_.append(name).append(": ").append(value).append("\r\n");
    };
    add("Accept-Encoding", plan.accept_coding);
    add("Last-Event-ID", plan.last_event_id);
    if (plan.may_end) add("Connection", "close");
    unsent_.append("\r\n");
  }

  bool WantsToSend() const override { return !unsent_.empty(); }

 private:
  Viewer& viewer() const { return *viewers_.front(); }

  void Flush() override {
    if (unsent_.empty()) return;
    unsent_.erase(0, Send(unsent_));
    if (unsent_.empty()) unsent_ = {};
  }

  void Take(std::string_view bytes) override {
    const bool had_head = reader_.HasHead();
    while (!bytes.empty()) {
      const std::string_view body = reader_.Take(bytes);
      if (!had_head && reader_.HasHead() && !opened_) Open();
      if (!body.empty()) viewer().OnBody(body);
    }
    if (!reader_.Problem().empty()) viewer().Die(reader_.Problem());
    if (reader_.Complete() && !viewer().over()) viewer().OnEnd(true);
  }

  void Open() {
    opened_ = true;
    viewer().OnHead(reader_.status(), reader_.coding());
  }

  void OnClosed() override {
    // A body without framing ends with the connection: nchan's.
    if (!viewer().over())
      viewer().OnEnd(reader_.HasHead() && viewer().plan().form != Form::kTailrace);
  }

  std::string unsent_;
  AnswerReader reader_;
  bool opened_ = false;
};

}  // namespace

std::unique_ptr<Link> Link::Make(int fd, const Target& target,
                                 std::vector<std::unique_ptr<Viewer>> viewers, Tally& tally) {
  if (target.http2) return MakeHttp2Link(fd, target, std::move(viewers), tally);
  return std::make_unique<Http1Link>(fd, target, std::move(viewers), tally);
}

bool Link::OnReady(char* buffer, size_t size) {
  Flush();
  do {
    const ssize_t got = transport_.Receive(buffer, size);
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      OnClosed();
      return false;
    }
    tally_.bytes += static_cast<uint64_t>(got);
    Take({buffer, static_cast<size_t>(got)});
  } while (transport_.tls());
  Flush();
  return true;
}

size_t Link::Send(std::string_view bytes) {
  const ssize_t sent = transport_.Send(bytes);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (errno != EAGAIN) Die("a viewer's request could not be sent");
  return 0;
}

}  // namespace tailrace::bench
