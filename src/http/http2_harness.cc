#include "http/http2_harness.h"

#include <nghttp2/nghttp2.h>

#include <array>

#include "base/check.h"

namespace tailrace {
namespace {

std::string Text(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

uint8_t* Bytes(const std::string& text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

void Http2Recorder::OnRequest(int32_t stream, RequestHead&& head, bool ended) {
  in_body_ = 0;
  log += std::to_string(stream) + " " + std::string(MethodName(head.method)) + " " + head.target;
  log += ended ? " ended\n" : "\n";
  heads[stream] = std::move(head);
}

void Http2Recorder::OnBadRequest(int32_t stream, HeadFault fault) {
  in_body_ = 0;
  log += std::to_string(stream) + " " + std::to_string(fault.status) + " " + fault.reason + "\n";
}

void Http2Recorder::OnBody(int32_t stream, std::string_view bytes) {
  CHECK(!bytes.empty());
  if (in_body_ == stream) {
    log.pop_back();
  } else {
    log += std::to_string(stream) + " body ";
  }
  log.append(bytes).append("\n");
  in_body_ = stream;
}

void Http2Recorder::OnBodyEnd(int32_t stream) {
  in_body_ = 0;
  log += std::to_string(stream) + " end\n";
}

void Http2Recorder::OnClosed(int32_t stream) {
  in_body_ = 0;
  log += std::to_string(stream) + " closed\n";
  closed.push_back(stream);
}

struct Http2Client::Callbacks {
  static Http2Client& Self(void* user) { return *static_cast<Http2Client*>(user); }
  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
    Self(user).answers[frame->hd.stream_id].fields.emplace_back(Text(name, name_size),
                                                                Text(value, value_size));
    return 0;
  }
  static int OnData(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t stream,
                    const uint8_t* bytes, size_t size, void* user) {
    Self(user).answers[stream].body += Text(bytes, size);
    return 0;
  }
  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    Http2Client& self = Self(user);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      ++self.goaways;
      self.goaway_last_stream = frame->goaway.last_stream_id;
      self.goaway_error = frame->goaway.error_code;
    } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
      self.answers[frame->hd.stream_id].reset = frame->rst_stream.error_code;
    } else if (frame->hd.type <= NGHTTP2_HEADERS &&
               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self.answers[frame->hd.stream_id].ended = true;
    }
    return 0;
  }
  static ssize_t ReadBody(nghttp2_session* /*session*/, int32_t stream, uint8_t* buffer,
                          size_t room, uint32_t* flags, nghttp2_data_source* /*source*/,
                          void* user) {
    std::string& body = Self(user).bodies_[stream];
    const size_t size = body.copy(reinterpret_cast<char*>(buffer), room);
    body.erase(0, size);
    if (body.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
};

Http2Client::Http2Client(bool consumes, uint32_t stream_window) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::OnFrame);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  nghttp2_option_set_no_auto_window_update(options, consumes ? 0 : 1);
  CHECK(nghttp2_session_client_new2(&session_, callbacks, this, options) == 0);
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &window, 1);
}

Http2Client::~Http2Client() {
  nghttp2_session_del(session_);
}

Http2Client::Fields Http2Client::GetFields(const std::string& path, const std::string& method) {
  return {{":method", method}, {":scheme", "http"}, {":authority", "localhost:1"}, {":path", path}};
}

int32_t Http2Client::Request(const Fields& fields, const std::string* body) {
  std::vector<nghttp2_nv> all;
  all.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    all.push_back({Bytes(name), Bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_INDEX});
  }
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::ReadBody;
  const int32_t stream = nghttp2_submit_request(session_, nullptr, all.data(), all.size(),
                                                body != nullptr ? &provider : nullptr, nullptr);
  CHECK(stream > 0);
  if (body != nullptr) bodies_[stream] = *body;
  return stream;
}

void Http2Client::Reset(int32_t stream) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void Http2Client::Ping() {
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

void Http2Client::Settings() {
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
}

void Http2Client::Window(int32_t stream, int32_t size) {
  nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, stream, size);
}

std::string Http2Client::TakeOutput() {
  std::string out;
  const uint8_t* bytes = nullptr;
  for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
    out += Text(bytes, static_cast<size_t>(size));
  }
  return out;
}

void Http2Client::Receive(std::string_view bytes) {
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  CHECK(taken == static_cast<ssize_t>(bytes.size()));
}

std::string Http2Client::Field(int32_t stream, std::string_view name) const {
  const auto answer = answers.find(stream);
  if (answer == answers.end()) return "(no answer)";
  for (const auto& [key, value] : answer->second.fields) {
    if (key == name) return value;
  }
  return "(none)";
}

std::string Http2Pair::TakeOutput() {
  codec.Pump();
  Http2Output& output = codec.output();
  std::string out;
  while (!output.Empty()) {
    std::array<iovec, 3> parts;  // few, so that Gather is asked several times
    const size_t count = output.Gather(parts);
    uint64_t size = 0;
    for (size_t i = 0; i < count; ++i) {
      out.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
      size += parts[i].iov_len;
    }
    output.Consume(size);
  }
  return out;
}

void Http2Pair::Run() {
  for (;;) {
    const std::string up = client.TakeOutput();
    codec.Receive(up, now_ms);
    const std::string down = TakeOutput();
    client.Receive(down);
    if (up.empty() && down.empty()) return;
  }
}

}  // namespace tailrace
