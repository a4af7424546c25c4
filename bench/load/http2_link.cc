// Viewers as streams of one HTTP/2 connection (RFC 9113), by nghttp2's client side.
#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>

#include "bench/load/link.h"
#include "bench/wire.h"

namespace tailrace::bench {
namespace {

constexpr int32_t kConnectionWindow = (1U << 31) - 1;
constexpr uint32_t kStreamWindow = 1 << 20;

nghttp2_nv Field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

class Http2Link final : public Link {
 public:
  Http2Link(int fd, const Target& target, std::vector<std::unique_ptr<Viewer>> viewers,
            Tally& tally)
      : Link(fd, target, std::move(viewers), tally), heads_(viewers_.size()) {
    nghttp2_session_callbacks* calls = nullptr;
    nghttp2_session_callbacks_new(&calls);
    nghttp2_session_callbacks_set_on_header_callback(calls, OnHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, OnFrame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, OnStreamClose);
    nghttp2_session_client_new(&session_, calls, this);
    nghttp2_session_callbacks_del(calls);
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
    for (size_t i = 0; i < viewers_.size(); ++i) Request(i, target.tls ? "https" : "http");
  }
  ~Http2Link() override { nghttp2_session_del(session_); }

  bool WantsToSend() const override {
    return !unsent_.empty() || nghttp2_session_want_write(session_) != 0;
  }

 private:
  struct Head {
    int status = 0;
    std::string coding;
  };

  void Request(size_t index, std::string_view scheme) {
    const Viewer& viewer = *viewers_[index];
    const std::string path = viewer.Path();
    std::vector<nghttp2_nv> fields{Field(":method", "GET"), Field(":scheme", scheme),
                                   Field(":authority", "bench"), Field(":path", path),
                                   Field("accept", "text/event-stream")};
    const ViewerPlan& plan = viewer.plan();
    if (!plan.accept_coding.empty()) {
      fields.push_back(Field("accept-encoding", plan.accept_coding));
    }
    if (!plan.last_event_id.empty()) fields.push_back(Field("last-event-id", plan.last_event_id));
    const int32_t id =
        nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), nullptr, nullptr);
    if (id != static_cast<int32_t>(2 * index + 1)) Die("HTTP/2: no stream for a viewer");
  }

  size_t IndexOf(int32_t stream) const { return static_cast<size_t>(stream - 1) / 2; }

  void Flush() override {
    for (;;) {
      if (!unsent_.empty()) {
        unsent_.erase(0, Send(unsent_));
        if (!unsent_.empty()) return;
      }
      const uint8_t* bytes = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
      if (size < 0) Die("HTTP/2: nothing can be sent");
      if (size == 0) return;
      unsent_.assign(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    }
  }

  void Take(std::string_view bytes) override {
    const ssize_t taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
    if (taken < 0) Die(std::string("HTTP/2: ") + nghttp2_strerror(static_cast<int>(taken)));
  }

  void OnClosed() override {
    for (const auto& viewer : viewers_) {
      if (!viewer->over()) viewer->OnEnd(false);
    }
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* self) {
    Http2Link& link = *static_cast<Http2Link*>(self);
    Head& head = link.heads_[link.IndexOf(frame->hd.stream_id)];
    const std::string_view field(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (field == ":status") std::from_chars(text.data(), text.data() + text.size(), head.status);
    if (field == "content-encoding") head.coding = text;
    return 0;
  }

  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
    Http2Link& link = *static_cast<Http2Link*>(self);
    if (frame->hd.type == NGHTTP2_GOAWAY) Die("HTTP/2: the server says GOAWAY");
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (frame->headers.cat != NGHTTP2_HCAT_RESPONSE) return 0;
    const size_t index = link.IndexOf(frame->hd.stream_id);
    const Head head = std::move(link.heads_[index]);
    link.viewers_[index]->OnHead(head.status, head.coding);
    return 0;
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes, size_t size,
                    void* self) {
    Http2Link& link = *static_cast<Http2Link*>(self);
    link.viewers_[link.IndexOf(stream)]->OnBody({reinterpret_cast<const char*>(bytes), size});
    return 0;
  }

  static int OnStreamClose(nghttp2_session*, int32_t stream, uint32_t error, void* self) {
    Http2Link& link = *static_cast<Http2Link*>(self);
    Viewer& viewer = *link.viewers_[link.IndexOf(stream)];
    if (!viewer.over()) viewer.OnEnd(error == NGHTTP2_NO_ERROR);
    return 0;
  }

  nghttp2_session* session_ = nullptr;
  std::vector<Head> heads_;  // while they come
  std::string unsent_;
};

}  // namespace

std::unique_ptr<Link> MakeHttp2Link(int fd, const Target& target,
                                    std::vector<std::unique_ptr<Viewer>> viewers, Tally& tally) {
  return std::make_unique<Http2Link>(fd, target, std::move(viewers), tally);
}

}  // namespace tailrace::bench
