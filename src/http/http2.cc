#include "http/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace tailrace {
namespace {

// Shorter ones are copied behind their frame's header: by estimate, not by measurement, that costs
// less than a part of sendmsg.
constexpr size_t kLendBytes = 2 << 10;
// What a client may rightly send for one of our DATA frames: two WINDOW_UPDATE and a PING.
constexpr uint64_t kFramesForData = 3;
constexpr uint64_t kShareWeight = 2;      // of a stream beside others, in ShareOfWindow
constexpr uint64_t kLoneShareWeight = 3;  // of the only one: others may come while it stalls
constexpr std::array<uint8_t, 8> kDrainPing = {'d', 'r', 'a', 'i', 'n', 0, 0, 0};

// A stream's user data: what the codec must remember of it.
constexpr uintptr_t kEnding = 1;  // End was called
constexpr uintptr_t kHeld = 2;    // in held_
constexpr uintptr_t kTold = 4;    // OnRequest or OnBadRequest was called

uintptr_t Flags(nghttp2_session* session, int32_t stream) {
  return reinterpret_cast<uintptr_t>(nghttp2_session_get_stream_user_data(session, stream));
}

void SetFlags(nghttp2_session* session, int32_t stream, uintptr_t flags) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): never followed.
  nghttp2_session_set_stream_user_data(session, stream, reinterpret_cast<void*>(flags));
}

std::string_view View(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Resets that the client's errors caused; ours have other codes.
bool IsClientsFault(uint32_t error_code) {
  return error_code != NGHTTP2_NO_ERROR && error_code != NGHTTP2_CANCEL &&
         error_code != NGHTTP2_INTERNAL_ERROR;
}

}  // namespace

uint64_t ShareOfWindow(uint64_t window, uint64_t unread, uint64_t weight) {
  const uint64_t most = weight * window;
  return most > unread ? (most - unread + weight) / (weight + 1) : 0;
}

// nghttp2 is C: what it calls, and what that means here.
struct Http2Codec::Callbacks {
  static Http2Codec& Self(void* user) { return *static_cast<Http2Codec*>(user); }

  static int OnBeginHeaders(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;  // trailers are not looked at
    ++Self(user).heads_;
    Self(user).in_head_ = true;
    Self(user).head_ = std::make_unique<Http2HeadBuilder>();
    return 0;
  }
  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    Http2Codec& self = Self(user);
    self.head_->Add(View(name, name_size), View(value, value_size), self.limits_.head);
    return 0;
  }
  static int OnInvalidHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame,
                             const uint8_t* name, size_t name_size, const uint8_t* /*value*/,
                             size_t /*value_size*/, uint8_t /*flags*/, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) Self(user).head_->Spoil(View(name, name_size));
    return 0;
  }
  static int OnFrameRecv(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    Self(user).OnFrame(frame);
    return 0;
  }
  static int OnInvalidFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, int /*error*/,
                            void* user) {
    Http2Codec& self = Self(user);
    if (frame->hd.type == NGHTTP2_HEADERS) self.in_head_ = false;
    self.Charge(self.resets_, Http2Abuse::kResets);
    return 0;
  }
  static int OnDataChunk(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t stream,
                         const uint8_t* bytes, size_t size, void* user) {
    Http2Codec& self = Self(user);
    if (self.abuse_ == Http2Abuse::kNone) self.events_.OnBody(stream, View(bytes, size));
    return 0;
  }
  static int OnStreamClose(nghttp2_session* /*session*/, int32_t stream, uint32_t /*error*/,
                           void* user) {
    Http2Codec& self = Self(user);
    if ((Flags(self.session_, stream) & kTold) == 0) return 0;
    std::erase(self.held_, stream);
    --self.open_streams_;
    self.events_.OnClosed(stream);
    self.WakeHeld();
    return 0;
  }
  static int OnFrameSend(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    Self(user).OnFrameSent(frame);
    return 0;
  }
  static ssize_t OnReadData(nghttp2_session* /*session*/, int32_t stream, uint8_t* /*buffer*/,
                            size_t room, uint32_t* flags, nghttp2_data_source* /*source*/,
                            void* user) {
    return Self(user).ReadData(stream, room, *flags);
  }
  static int OnSendData(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/,
                        const uint8_t* header, size_t size, nghttp2_data_source* /*source*/,
                        void* user) {
    Http2Codec& self = Self(user);
    self.output_.Append(View(header, 9));
    self.TakeData(size);
    return 0;
  }

  static nghttp2_session_callbacks* All() {
    static nghttp2_session_callbacks* const kAll = [] {
      nghttp2_session_callbacks* all = nullptr;
      CHECK(nghttp2_session_callbacks_new(&all) == 0);
      nghttp2_session_callbacks_set_on_begin_headers_callback(all, OnBeginHeaders);
      nghttp2_session_callbacks_set_on_header_callback(all, OnHeader);
      nghttp2_session_callbacks_set_on_invalid_header_callback(all, OnInvalidHeader);
      nghttp2_session_callbacks_set_on_frame_recv_callback(all, OnFrameRecv);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(all, OnInvalidFrame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, OnDataChunk);
      nghttp2_session_callbacks_set_on_stream_close_callback(all, OnStreamClose);
      nghttp2_session_callbacks_set_on_frame_send_callback(all, OnFrameSend);
      nghttp2_session_callbacks_set_send_data_callback(all, OnSendData);
      return all;
    }();
    return kAll;
  }
};

Http2Codec::Http2Codec(const Http2Limits& limits, Http2Events& events)
    : limits_(limits),
      events_(events),
      resets_(limits.resets),
      control_frames_(limits.control_frames) {
  nghttp2_option* options = nullptr;
  CHECK(nghttp2_option_new(&options) == 0);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_max_continuations(options, limits.continuations);
  nghttp2_option_set_max_outbound_ack(options, limits.unread_frames);
  // Resets are counted here, where it is known what they are for.
  nghttp2_option_set_stream_reset_rate_limit(options, UINT32_MAX, UINT32_MAX);
  CHECK(nghttp2_session_server_new2(&session_, Callbacks::All(), this, options) == 0);
  nghttp2_option_del(options);
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<uint32_t>(limits.head.head_bytes)},
  }};
  CHECK(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
        0);
  CHECK(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                              limits.connection_window) == 0);
}

Http2Codec::~Http2Codec() {
  nghttp2_session_del(session_);
}

// ------------------------------------------------------------------------------------------------
// What the client sends

void Http2Codec::Receive(std::string_view bytes, uint64_t now_ms) {
  now_ms_ = now_ms;
  if (failed_) return;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (taken >= 0) {
    if (nghttp2_session_get_outbound_queue_size(session_) > limits_.unread_frames) {
      Cut(Http2Abuse::kUnread);
    }
    return;
  }
  if (taken == NGHTTP2_ERR_FLOODED) {
    Cut(Http2Abuse::kUnread);
  } else if (taken == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
    Cut(Http2Abuse::kContinuations);
  } else {
    nghttp2_session_terminate_session(session_, NGHTTP2_PROTOCOL_ERROR);
  }
  failed_ = true;
}

void Http2Codec::OnFrame(const void* untyped) {
  const auto& frame = *static_cast<const nghttp2_frame*>(untyped);
  const bool ended = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  const bool ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
        OnHead(frame.hd.stream_id, ended);
      } else if (ended) {
        events_.OnBodyEnd(frame.hd.stream_id);
      }
      return;
    case NGHTTP2_DATA:
      if (ended) {
        events_.OnBodyEnd(frame.hd.stream_id);
      } else if (frame.hd.length <= frame.data.padlen) {
        Charge(control_frames_, Http2Abuse::kControlFrames);
      }
      return;
    case NGHTTP2_RST_STREAM:
      Charge(resets_, Http2Abuse::kResets);
      return;
    case NGHTTP2_WINDOW_UPDATE:
      WakeHeld();
      break;
    case NGHTTP2_SETTINGS:
      greeted_ = true;
      WakeHeld();
      break;
    case NGHTTP2_PING:
      if (ack && std::memcmp(frame.ping.opaque_data, kDrainPing.data(), kDrainPing.size()) == 0) {
        FinishDrain();
      }
      break;
    default:
      break;
  }
  if (!ack) Charge(control_frames_, Http2Abuse::kControlFrames);
}

void Http2Codec::OnHead(int32_t stream, bool ended) {
  in_head_ = false;
  const std::unique_ptr<Http2HeadBuilder> builder = std::move(head_);
  if (abuse_ != Http2Abuse::kNone) return;
  ++open_streams_;
  last_stream_ = stream;
  SetFlags(session_, stream, kTold);
  RequestHead head;
  if (std::optional<HeadFault> fault = builder->Finish(ended, limits_.head, head)) {
    Charge(control_frames_, Http2Abuse::kControlFrames);
    events_.OnBadRequest(stream, std::move(*fault));
  } else {
    events_.OnRequest(stream, std::move(head), ended);
  }
}

void Http2Codec::Consume(int32_t stream, uint64_t size) {
  if (!failed_) nghttp2_session_consume(session_, stream, size);
}

void Http2Codec::Charge(Http2Guard& guard, Http2Abuse abuse) {
  if (!guard.Take(now_ms_)) Cut(abuse);
}

void Http2Codec::Cut(Http2Abuse abuse) {
  if (abuse_ != Http2Abuse::kNone) return;
  abuse_ = abuse;
  nghttp2_session_terminate_session2(session_, last_stream_, NGHTTP2_ENHANCE_YOUR_CALM);
}

// ------------------------------------------------------------------------------------------------
// What it gets

void Http2Codec::SendContinue(int32_t stream) {
  static constexpr std::string_view kName = ":status";
  static constexpr std::string_view kValue = "100";
  auto* name = reinterpret_cast<uint8_t*>(const_cast<char*>(kName.data()));
  auto* value = reinterpret_cast<uint8_t*>(const_cast<char*>(kValue.data()));
  const nghttp2_nv status = {name, value, kName.size(), kValue.size(), NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream, nullptr, &status, 1, nullptr);
}

void Http2Codec::SendHead(int32_t stream, const Http2ResponseHead& head) {
  // One buffer for all, since names must be lower case (§8.2.1) and values free of what could be
  // taken for a line's end by whoever passes them on as HTTP/1.1.
  std::string bytes = ":status" + std::to_string(head.status);
  std::vector<std::pair<size_t, size_t>> sizes = {{7, bytes.size() - 7}};
  const auto add = [&bytes, &sizes](const HeaderField& field) {
    for (const char c : field.name)
      bytes.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    for (const char c : field.value) {
      const auto code = static_cast<unsigned char>(c);
      bytes.push_back((code < 0x20 && c != '\t') || code == 0x7f ? ' ' : c);
    }
    sizes.emplace_back(field.name.size(), field.value.size());
  };
  for (const HeaderField& field : head.headers) add(field);
  for (size_t i = 0; head.more_headers != nullptr && i < head.more_headers->Size(); ++i) {
    add(head.more_headers->At(i));
  }
  std::vector<nghttp2_nv> fields;
  fields.reserve(sizes.size());
  auto* at = reinterpret_cast<uint8_t*>(bytes.data());
  for (const auto& [name, value] : sizes) {
    fields.push_back({at, at + name, name, value, NGHTTP2_NV_FLAG_NONE});
    at += name + value;
  }
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::OnReadData;
  nghttp2_submit_response(session_, stream, fields.data(), fields.size(),
                          head.end ? nullptr : &body);
}

uint64_t Http2Codec::Write(int32_t stream, std::span<const iovec> parts, uint64_t limit, bool end) {
  uint64_t size = 0;
  for (const iovec& part : parts) size += part.iov_len;
  const uint64_t most = std::min(size, limit);
  const uint64_t share = Share(stream);
  const uint64_t give = std::min(most, share);
  if (give < most && (Flags(session_, stream) & kHeld) == 0) {
    held_.push_back(stream);
    SetFlags(session_, stream, Flags(session_, stream) | kHeld);
  }
  if (give == 0) return 0;
  writing_ = {stream, parts, 0, give, end && give == size};
  nghttp2_session_resume_data(session_, stream);  // it fails if it was not put off, which is fine
  Pump();
  const uint64_t taken = give - writing_.left;
  writing_ = {};
  return taken;
}

uint64_t Http2Codec::Share(int32_t stream) const {
  const int64_t initial =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE);
  const int64_t unread = initial - nghttp2_session_get_stream_remote_window_size(session_, stream);
  const int64_t window = nghttp2_session_get_remote_window_size(session_);
  return ShareOfWindow(static_cast<uint64_t>(std::max<int64_t>(window, 0)),
                       static_cast<uint64_t>(std::max<int64_t>(unread, 0)),
                       open_streams_ > 1 ? kShareWeight : kLoneShareWeight);
}

void Http2Codec::WakeHeld() {
  for (const int32_t stream : std::exchange(held_, {})) {
    SetFlags(session_, stream, Flags(session_, stream) & ~kHeld);
    events_.OnWindow(stream);
  }
}

ssize_t Http2Codec::ReadData(int32_t stream, size_t room, uint32_t& flags) {
  if (stream == writing_.stream && writing_.left > 0) {
    const size_t size = std::min<uint64_t>(room, writing_.left);
    flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == writing_.left && writing_.end) flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }
  if ((Flags(session_, stream) & kEnding) != 0) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    return 0;
  }
  if (stream != writing_.stream) events_.OnWindow(stream);
  return NGHTTP2_ERR_DEFERRED;
}

// The frame's header is in output_; now its bytes.
void Http2Codec::TakeData(size_t size) {
  control_frames_.Give(kFramesForData);
  writing_.left -= size;
  while (size > 0) {
    const iovec& part = writing_.parts.front();
    const auto* from = static_cast<const char*>(part.iov_base) + writing_.offset;
    const std::string_view bytes(from, std::min(size, part.iov_len - writing_.offset));
    if (bytes.size() < kLendBytes) {
      output_.Append(bytes);
    } else {
      output_.Lend(bytes);
    }
    size -= bytes.size();
    writing_.offset += bytes.size();
    if (writing_.offset == part.iov_len) {
      writing_.parts = writing_.parts.subspan(1);
      writing_.offset = 0;
    }
  }
}

void Http2Codec::End(int32_t stream) {
  SetFlags(session_, stream, Flags(session_, stream) | kEnding);
  nghttp2_session_resume_data(session_, stream);
}

void Http2Codec::Reset(int32_t stream, uint32_t error_code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, error_code);
}

void Http2Codec::Pump() {
  const uint8_t* bytes = nullptr;
  for (;;) {
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) {
      failed_ |= size < 0;
      return;
    }
    output_.Append(View(bytes, static_cast<size_t>(size)));
  }
}

void Http2Codec::OnFrameSent(const void* untyped) {
  const auto& frame = *static_cast<const nghttp2_frame*>(untyped);
  if (frame.hd.type == NGHTTP2_RST_STREAM) {
    if (IsClientsFault(frame.rst_stream.error_code)) Charge(resets_, Http2Abuse::kResets);
    return;
  }
  const bool ended = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
                     (frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS);
  // The answer is complete and the rest of the request is not wanted (§8.1).
  if (ended && nghttp2_session_get_stream_remote_close(session_, frame.hd.stream_id) == 0) {
    Reset(frame.hd.stream_id, NGHTTP2_NO_ERROR);
  }
}

// ------------------------------------------------------------------------------------------------
// The end

void Http2Codec::BeginDrain() {
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kDrainPing.data());
}

void Http2Codec::FinishDrain() {
  if (std::exchange(drained_, true)) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                        nullptr, 0);
}

bool Http2Codec::Over() const {
  const bool reads = !failed_ && nghttp2_session_want_read(session_) != 0;
  return !reads && nghttp2_session_want_write(session_) == 0;
}

}  // namespace tailrace
