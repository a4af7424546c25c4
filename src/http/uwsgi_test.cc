#include "http/uwsgi.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace tailrace {
namespace {

using namespace std::string_literals;

using Variables = std::initializer_list<std::pair<std::string_view, std::string_view>>;

void AppendSized(std::string& out, std::string_view bytes) {
  out.push_back(static_cast<char>(bytes.size() & 0xff));
  out.push_back(static_cast<char>(bytes.size() >> 8));
  out.append(bytes);
}

std::string Packet(std::string_view variables) {
  std::string packet(1, '\0');
  AppendSized(packet, variables);
  packet.insert(3, 1, '\0');
  return packet;
}

std::string Packet(Variables variables) {
  std::string bytes;
  for (const auto& [name, value] : variables) {
    AppendSized(bytes, name);
    AppendSized(bytes, value);
  }
  return Packet(bytes);
}

class Recorder final : public RequestEvents {
 public:
  explicit Recorder(UwsgiParser* pausing) : pausing_(pausing) {}

  void OnHead(RequestHead&& head) override {
    log += "<" + std::string(MethodName(head.method)) + " " + head.target + ">";
    last = std::move(head);
    if (pausing_ != nullptr) pausing_->Pause();
  }
  void OnBody(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    log += bytes;
    if (pausing_ != nullptr) pausing_->Pause();
  }
  void OnComplete() override { log += "<end>"; }

  std::string log;
  RequestHead last;

 private:
  UwsgiParser* pausing_;
};

struct Outcome {
  std::string log;  // what was told; or "STATUS reason" behind it
  RequestHead head;
};

Outcome Feed(std::string_view bytes, size_t piece, bool pause, const Http1Limits& limits) {
  UwsgiParser parser(&limits);
  Recorder recorder(pause ? &parser : nullptr);
  while (!bytes.empty() && !parser.Failed()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty() && !parser.Failed()) part.remove_prefix(parser.Consume(part, recorder));
    for (int i = 0; i < 2 && !parser.Failed(); ++i) parser.Consume("", recorder);
  }
  if (parser.Failed()) {
    recorder.log += std::to_string(parser.error().status) + " " + parser.error().reason;
  } else if (parser.InHead()) {
    recorder.log += "…";
  }
  return {recorder.log, std::move(recorder.last)};
}

// Whole, and byte by byte, which must come to the same.
Outcome Read(std::string_view bytes, const Http1Limits& limits = {}) {
  Outcome whole = Feed(bytes, bytes.size(), false, limits);
  EXPECT_EQ(whole.log, Feed(bytes, 1, false, limits).log);
  EXPECT_EQ(whole.log, Feed(bytes, 1, true, limits).log);
  return whole;
}

// With `include uwsgi_params`.
std::string FromNginx(std::string_view body = "", Variables more = {}) {
  const std::string length = body.empty() ? "" : std::to_string(body.size());
  std::string bytes;
  const auto add = [&](std::string_view name, std::string_view value) {
    AppendSized(bytes, name);
    AppendSized(bytes, value);
  };
  add("QUERY_STRING", "from=5&x=%20");
  add("REQUEST_METHOD", body.empty() ? "GET" : "POST");
  add("CONTENT_TYPE", body.empty() ? "" : "text/plain");
  add("CONTENT_LENGTH", length);
  add("REQUEST_URI", "/api//v1/logs/a/b?from=5&x=%20");
  add("PATH_INFO", "/api/v1/logs/a/b");
  add("DOCUMENT_ROOT", "/var/www/html");
  add("SERVER_PROTOCOL", "HTTP/2.0");
  add("REQUEST_SCHEME", "https");
  add("HTTPS", "on");
  add("REMOTE_ADDR", "203.0.113.9");
  add("REMOTE_PORT", "4711");
  add("SERVER_PORT", "443");
  add("SERVER_NAME", "_");
  add("HTTP_HOST", "logs.example.org");
  add("HTTP_CONNECTION", "keep-alive");
  add("HTTP_LAST_EVENT_ID", "k3v9x2.17");
  if (!body.empty()) add("HTTP_CONTENT_LENGTH", length);
  for (const auto& [name, value] : more) add(name, value);
  return Packet(bytes).append(body);
}

TEST(Uwsgi, ReadsWhatNginxSends) {
  const Outcome read = Read(FromNginx());
  EXPECT_EQ(read.log, "<GET /api/v1/logs/a/b?from=5&x=%20><end>");
  EXPECT_EQ(read.head.path, "/api/v1/logs/a/b");
  EXPECT_EQ(read.head.query, "from=5&x=%20");
  EXPECT_EQ(read.head.host, "logs.example.org");
  EXPECT_EQ(read.head.version_minor, 0);
  EXPECT_FALSE(read.head.keep_alive);
  EXPECT_FALSE(read.head.HasBody());
  EXPECT_EQ(read.head.headers.Find("Last-Event-ID"), "k3v9x2.17");
  EXPECT_FALSE(read.head.headers.Has("Connection"));
  EXPECT_FALSE(read.head.headers.Has("Content-Type"));
  ASSERT_TRUE(read.head.gateway);
  EXPECT_EQ(read.head.gateway->address->Text(), "203.0.113.9");
  EXPECT_EQ(read.head.gateway->secure, true);
}

TEST(Uwsgi, ReadsABodyByItsLengthAndNothingBehindIt) {
  const Outcome read = Read(FromNginx("one\ntwo\n") + "GET / HTTP/1.1");
  EXPECT_EQ(read.log, "<POST /api/v1/logs/a/b?from=5&x=%20>one\ntwo\n<end>");
  EXPECT_EQ(read.head.content_length, 8);
  EXPECT_EQ(read.head.headers.Find("Content-Type"), "text/plain");
  EXPECT_EQ(read.head.headers.Count("Content-Length"), 1u);
}

TEST(Uwsgi, WaitsForAllOfTheHead) {
  const std::string packet = FromNginx("body");
  EXPECT_EQ(Read(packet.substr(0, 1)).log, "…");
  EXPECT_EQ(Read(packet.substr(0, 4)).log, "…");
  EXPECT_EQ(Read(packet.substr(0, 100)).log, "…");
  EXPECT_EQ(Read(packet.substr(0, packet.size() - 1)).log,
            "<POST /api/v1/logs/a/b?from=5&x=%20>bod");
}

TEST(Uwsgi, APathThatNginxDecodedIsEncodedAgain) {
  const auto path = [](std::string_view info) {
    return Read(Packet({{"REQUEST_METHOD", "GET"}, {"PATH_INFO", info}})).log;
  };
  EXPECT_EQ(path("/a b/%/?#\xff"), "<GET /a%20b/%25/%3F%23%FF><end>");
  EXPECT_EQ(path("/~a-b._/!$&'()*+,;=:@"), "<GET /~a-b._/!$&'()*+,;=:@><end>");
  EXPECT_EQ(path(""), "<GET /><end>");
}

TEST(Uwsgi, WithoutPathInfoTheUriCounts) {
  const auto target = [](Variables variables) { return Read(Packet(variables)).log; };
  EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/a%2fb?c=1"}}),
            "<GET /a%2fb?c=1><end>");
  EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/a?c=1"}, {"QUERY_STRING", "d=2"}}),
            "<GET /a?d=2><end>");
  EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/x?c=1"}, {"PATH_INFO", "/y"}}),
            "<GET /y?c=1><end>");
  EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}}), "400 neither PATH_INFO nor REQUEST_URI is given");
  for (const std::string_view uri : {"", "*", "a", "http://x/a"}) {
    EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", uri}}),
              "400 the target is not a path");
  }
  EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/a b"}}),
            "400 the target has more than visible ASCII");
  EXPECT_EQ(target({{"REQUEST_METHOD", "GET"}, {"PATH_INFO", "/"}, {"QUERY_STRING", "a\r\nb: c"}}),
            "400 the target has more than visible ASCII");
}

TEST(Uwsgi, WhatContradictsItselfIsRefused) {
  EXPECT_EQ(Read(FromNginx("x", {{"CONTENT_LENGTH", "2"}})).log,
            "400 CONTENT_LENGTH comes more than once");
  EXPECT_EQ(Read(FromNginx("x", {{"CONTENT_LENGTH", "1"}})).head.content_length, 1);
  EXPECT_EQ(Read(FromNginx("", {{"PATH_INFO", "/b"}})).log, "400 PATH_INFO comes more than once");
  EXPECT_EQ(Read(FromNginx("", {{"HTTP_HOST", "b"}})).log, "400 Host comes more than once");
  EXPECT_EQ(Read(FromNginx("", {{"REMOTE_ADDR", "192.0.2.1"}})).head.gateway->address->Text(),
            "192.0.2.1");
}

TEST(Uwsgi, FieldsThatFrameAreNginxsOwn) {
  const Outcome read = Read(FromNginx("x", {{"HTTP_TRANSFER_ENCODING", "chunked"},
                                            {"HTTP_CONTENT_LENGTH", "999"},
                                            {"HTTP_EXPECT", "100-continue"}}));
  EXPECT_FALSE(read.head.chunked);
  EXPECT_FALSE(read.head.expects_continue);
  EXPECT_EQ(read.head.content_length, 1);
}

TEST(Uwsgi, BadRequestsHaveTheStatusThatTheyHaveOverHttp) {
  const auto status = [](Variables more) { return Read(FromNginx("", more)).log.substr(0, 3); };
  EXPECT_EQ(Read(Packet({{"REQUEST_METHOD", "BREW"}, {"PATH_INFO", "/"}})).log,
            "501 the method \"BREW\" is not supported");
  EXPECT_EQ(Read(Packet({{"PATH_INFO", "/"}})).log, "400 REQUEST_METHOD is not a token");
  EXPECT_EQ(status({{"HTTP_X", "a\nb"}}), "400");
  EXPECT_EQ(status({{"HTTP_", "a"}}), "400");
  EXPECT_EQ(status({{"", "a"}}), "400");
  EXPECT_EQ(status({{"A B", "a"}}), "400");
  const auto length = [](std::string_view text) {
    return Read(Packet({{"REQUEST_METHOD", "PUT"}, {"PATH_INFO", "/"}, {"CONTENT_LENGTH", text}}))
        .log.substr(0, 3);
  };
  EXPECT_EQ(length("-1"), "400");
  EXPECT_EQ(length("1x"), "400");
  EXPECT_EQ(length("99999999999999999999"), "413");
  EXPECT_EQ(Read(Packet({{"REQUEST_METHOD", "GET"}, {"PATH_INFO", "/"}, {"HTTP_HOST", "a,b"}})).log,
            "400 Host is invalid");
}

TEST(Uwsgi, LimitsAreThoseOfHttp) {
  const Http1Limits limits{
      .head_bytes = 1'000, .target_bytes = 40, .header_count = 4, .content_length = 3};
  EXPECT_EQ(Read(FromNginx(), limits).log, "<GET /api/v1/logs/a/b?from=5&x=%20><end>");
  EXPECT_EQ(Read(FromNginx("abcd"), limits).log, "413 the body is larger than 3 bytes");
  EXPECT_EQ(Read(FromNginx("", {{"HTTP_B", ""}, {"HTTP_C", ""}, {"HTTP_D", ""}}), limits).log,
            "431 more than 4 header fields");
  const std::string path = "/" + std::string(40, 'a');
  EXPECT_EQ(Read(Packet({{"REQUEST_METHOD", "GET"}, {"PATH_INFO", path}}), limits).log,
            "414 the target is longer than 40 bytes");
  EXPECT_EQ(Read("\0\xe9\x03\0"s, limits).log, "431 the head is longer than 1000 bytes");
}

TEST(Uwsgi, CutVariablesAreRefused) {
  const std::string whole = Packet({{"REQUEST_METHOD", "GET"}, {"PATH_INFO", "/"}}).substr(4);
  for (size_t size = 1; size < whole.size(); ++size) {
    const std::string log = Read(Packet(std::string_view(whole).substr(0, size))).log;
    const bool between = size == 21;  // behind REQUEST_METHOD: nothing is cut there
    EXPECT_EQ(log, between ? "400 neither PATH_INFO nor REQUEST_URI is given"
                           : "400 the uwsgi variables are cut")
        << size;
  }
  EXPECT_EQ(Read(Packet("")).log, "400 REQUEST_METHOD is not a token");
}

TEST(Uwsgi, OtherProtocolsAreToldSo) {
  for (const std::string& bytes :
       {"GET / HTTP/1.1\r\n\r\n"s, "\x16\x03\x01"s, "\0\5\0\1"s, "\5\0\0\0"s, "\xff"s}) {
    EXPECT_EQ(Read(bytes).log.substr(0, 40), "400 this port speaks the uwsgi protocol ") << bytes;
  }
}

}  // namespace
}  // namespace tailrace
