#include "app/client/diagnosis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/client/diagnosis_advice.h"

namespace tailrace {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<DoctorBeat> BeatsAt(uint64_t first_ms, uint64_t step_ms) {
  std::vector<DoctorBeat> beats;
  for (uint64_t n = 0; n < 8; ++n) beats.push_back({150 * n, first_ms + step_ms * n});
  return beats;
}

// Of a way through a proxy on which nothing is wrong.
DoctorSight Good() {
  DoctorSight sight;
  sight.url = "https://logs.example.org/tailrace";
  sight.accept_encoding = "gzip";
  sight.last_event_id = "doctor.1";
  sight.status = sight.stream_status = 200;
  sight.http2 = true;
  sight.headers.Add("content-type", "text/event-stream");
  sight.headers.Add("cache-control", "no-cache, no-transform");
  sight.hello = DoctorHello{.protocol = "http",
                            .client = "203.0.113.9",
                            .host = "logs.example.org",
                            .base_path = "/tailrace",
                            .forwarded_headers = "x-forwarded",
                            .accept_encoding = "gzip",
                            .last_event_id = "doctor.1",
                            .longest_silence_ms = 16'500,
                            .secure = true,
                            .from_trusted_proxy = true,
                            .forwarded = true,
                            .json = "{}"};
  sight.claimed = sight.hello;
  sight.claimed->has_cookie = sight.claimed->has_authorization = true;
  sight.claimed_authorization = true;
  sight.beats = BeatsAt(7, 150);
  sight.done = true;
  return sight;
}

std::vector<std::string> Ids(const DoctorSight& sight) {
  std::vector<std::string> ids;
  for (const DoctorFinding& finding : Diagnose(sight)) {
    ids.push_back((finding.fault ? "" : "note:") + finding.id);
    EXPECT_FALSE(finding.what.empty()) << finding.id;
  }
  return ids;
}

// `headers` with one that is another, or missing.
Headers With(const Headers& headers, std::string_view name, std::string_view value) {
  Headers other;
  for (size_t i = 0; i < headers.Size(); ++i) {
    const HeaderField field = headers.At(i);
    if (!EqualsIgnoreCase(field.name, name)) other.Add(field.name, field.value);
  }
  if (!value.empty()) other.Add(name, value);
  return other;
}

DoctorSight GoodWith(std::string_view name, std::string_view value) {
  DoctorSight sight = Good();
  sight.headers = With(sight.headers, name, value);
  return sight;
}

DoctorSight Refused(int status, std::string_view challenge) {
  DoctorSight sight;
  sight.url = "https://logs.example.org";
  sight.status = status;
  sight.problem = "why";
  if (!challenge.empty()) sight.headers.Add("WWW-Authenticate", challenge);
  return sight;
}

TEST(Diagnosis, AGoodWayHasNoFindings) {
  EXPECT_THAT(Ids(Good()), IsEmpty());
}

TEST(Diagnosis, LinesThatComeTogetherWereHeldBack) {
  DoctorSight sight = Good();
  sight.beats = sight.plain_beats = BeatsAt(19'000, 0);
  EXPECT_THAT(Ids(sight), ElementsAre("buffers"));
  EXPECT_THAT(Diagnose(sight)[0].what,
              HasSubstr("8 that were sent within 1.0 s came within 0.0 s, the first one 19.0 s"));
  // A machine that is busy is no proxy that buffers.
  for (size_t i = 0; i < sight.beats.size(); ++i) sight.beats[i].came_ms = i < 4 ? 500 : 150 * i;
  EXPECT_THAT(Ids(sight), IsEmpty());
  sight.beats.resize(1);
  EXPECT_THAT(Ids(sight), IsEmpty());
  // Nor is one that was busy once.
  sight.beats = BeatsAt(19'000, 0);
  sight.plain_beats = BeatsAt(7, 150);
  EXPECT_THAT(Ids(sight), IsEmpty());
}

TEST(Diagnosis, AStreamWithoutItsEndWasCut) {
  DoctorSight sight = Good();
  sight.done = false;
  sight.last_silence_ms = 5'012;
  EXPECT_THAT(Ids(sight), ElementsAre("cuts"));
  EXPECT_THAT(Diagnose(sight)[0].what, HasSubstr("after 5.0 s"));
  sight.last_silence_ms = 60'000;
  EXPECT_THAT(Ids(sight), ElementsAre("note:cuts-late"));
  sight.hello->longest_silence_ms = 132'000;  // the time-out has to be above it
  sight.proxy = "nginx";
  EXPECT_THAT(Diagnose(sight)[0].advice, ElementsAre("nginx: proxy_read_timeout 165s;"));
}

TEST(Diagnosis, ACodingIsSomebodyElses) {
  DoctorSight sight = Good();
  sight.stream_headers.Add("Content-Encoding", "gzip");
  sight.plain_beats = BeatsAt(7, 150);
  EXPECT_THAT(Ids(sight), ElementsAre("compresses"));
  // What holds lines back is the coding, unless it is so without it.
  sight.beats = BeatsAt(3'000, 0);
  EXPECT_THAT(Ids(sight), ElementsAre("compresses"));
  EXPECT_THAT(Diagnose(sight)[0].what, HasSubstr("so lines are held back"));
  sight.plain_beats = BeatsAt(3'000, 0);
  EXPECT_THAT(Ids(sight), ElementsAre("compresses", "buffers"));
  sight = Good();
  sight.stream_headers.Add("Content-Encoding", "identity");
  EXPECT_THAT(Ids(sight), IsEmpty());
}

TEST(Diagnosis, WhatIsLostOnTheWayIsNamed) {
  DoctorSight sight = Good();
  sight.hello->last_event_id.clear();
  EXPECT_THAT(Ids(sight), ElementsAre("drops-last-event-id"));
  sight = Good();
  sight.hello->accept_encoding.clear();
  EXPECT_THAT(Ids(sight), ElementsAre("note:drops-accept-encoding"));
  sight = Good();
  sight.claimed->has_cookie = sight.claimed->has_authorization = false;
  EXPECT_THAT(Ids(sight), ElementsAre("drops-cookie", "drops-authorization"));
  sight.claimed_authorization = false;  // none was sent
  EXPECT_THAT(Ids(sight), ElementsAre("drops-cookie"));
  sight.claimed.reset();
  EXPECT_THAT(Ids(sight), IsEmpty());
  EXPECT_THAT(Ids(GoodWith("Cache-Control", "")), ElementsAre("drops-cache-control"));
  EXPECT_THAT(Ids(GoodWith("Content-Type", "text/plain")), ElementsAre("changes-content-type"));
}

TEST(Diagnosis, OnlyBehindAnotherProxyDoesItMatterThatNginxKeepsItsField) {
  DoctorSight sight = Good();
  sight.first = false;
  EXPECT_THAT(Ids(sight), ElementsAre("note:drops-x-accel-buffering"));
  sight.headers.Add("X-Accel-Buffering", "no");
  EXPECT_THAT(Ids(sight), IsEmpty());
}

TEST(Diagnosis, TheServerShallKnowItsClients) {
  DoctorSight sight = Good();
  sight.hello->from_trusted_proxy = false;
  sight.hello->client = "10.0.0.7";
  EXPECT_THAT(Ids(sight), ElementsAre("not-trusted"));
  EXPECT_THAT(Diagnose(sight)[0].advice, ElementsAre("tailrace serve --trusted-proxies 10.0.0.7"));
  sight.hello->client.clear();
  EXPECT_THAT(Diagnose(sight)[0].advice,
              ElementsAre("tailrace serve --trusted-proxies ADDRESS (the proxy's)"));
  sight = GoodWith("Server", "nginx");
  sight.hello->forwarded = false;
  EXPECT_THAT(Ids(sight), ElementsAre("drops-client"));
  sight = Good();
  sight.hello->secure = false;
  EXPECT_THAT(Ids(sight), ElementsAre("drops-scheme"));
}

TEST(Diagnosis, NobodyMayClaimToBeSomebodyElse) {
  DoctorSight sight = Good();
  sight.claimed->client = kDoctorClaimedAddress;
  EXPECT_THAT(Ids(sight), ElementsAre("believes-clients"));
  sight.hello->client_is_proxy = true;  // it is asked from a machine that may claim it
  EXPECT_THAT(Ids(sight), ElementsAre("note:believes-clients"));
  sight = Good();
  sight.claimed->host = kDoctorClaimedHost;
  EXPECT_THAT(Ids(sight), ElementsAre("believes-clients"));
  // On the server's own machine, without a proxy, it is nobody's fault.
  sight.hello->forwarded = false;
  EXPECT_THAT(Ids(sight), IsEmpty());
}

TEST(Diagnosis, ItIsAskedForTheSameHostAndPath) {
  DoctorSight sight = Good();
  sight.hello->host = "127.0.0.1:8080";
  EXPECT_THAT(Ids(sight), ElementsAre("drops-host"));
  for (const char* same : {"LOGS.example.org", "logs.example.org:443"}) {
    sight.hello->host = same;
    EXPECT_THAT(Ids(sight), IsEmpty()) << same;
  }
  sight.hello->host = "logs.example.org:80";
  EXPECT_THAT(Ids(sight), ElementsAre("drops-host"));
  sight = Good();
  sight.hello->base_path = "";
  EXPECT_THAT(Ids(sight), ElementsAre("base-path"));
  EXPECT_THAT(Diagnose(sight)[0].advice, ElementsAre("tailrace serve --base-path /tailrace"));
  sight = Good();
  sight.url = "https://logs.example.org:8443/tailrace";
  sight.hello->protocol = "uwsgi";
  EXPECT_THAT(Ids(sight), ElementsAre("note:drops-port"));
}

TEST(Diagnosis, OldVersionsAreNoted) {
  DoctorSight sight = Good();
  sight.http2 = false;
  sight.hello->protocol = "http/1.0";
  EXPECT_THAT(Ids(sight), ElementsAre("note:http1", "note:http1.0"));
}

TEST(Diagnosis, NothingIsWrongWithoutAProxy) {
  DoctorSight sight = Good();
  sight.url = "http://127.0.0.1:8080";
  sight.http2 = false;
  sight.hello->host = "127.0.0.1:8080";
  sight.hello->client = "127.0.0.1";
  sight.hello->base_path.clear();
  sight.hello->from_trusted_proxy = sight.hello->forwarded = sight.hello->secure = false;
  EXPECT_THAT(Ids(sight), IsEmpty());
}

TEST(Diagnosis, WithoutAHelloItSaysWhatAnswers) {
  DoctorSight sight = Good();
  sight.hello.reset();
  EXPECT_THAT(Ids(sight), ElementsAre("away"));
  EXPECT_THAT(Ids(Refused(502, "")), ElementsAre("away"));
  EXPECT_THAT(Ids(Refused(404, "")), ElementsAre("no-probe"));
  EXPECT_THAT(Ids(Refused(429, "")), ElementsAre(kDoctorBusy));
  EXPECT_THAT(Ids(Refused(0, "")), ElementsAre(kDoctorUnreachable));
  sight = GoodWith("Content-Type", "text/html");
  sight.hello.reset();
  EXPECT_THAT(Ids(sight), ElementsAre("no-probe"));
  sight = Good();
  sight.stream_status = 429;
  EXPECT_THAT(Ids(sight), ElementsAre(kDoctorBusy));
}

TEST(Diagnosis, ARefusalIsWhoseItIs) {
  EXPECT_THAT(Ids(Refused(401, "Basic realm=\"portal\"")), ElementsAre("asks-itself"));
  EXPECT_THAT(Ids(Refused(403, "")), ElementsAre("asks-itself"));
  DoctorSight sight = Refused(401, "Bearer realm=\"tailrace\"");
  EXPECT_THAT(Ids(sight), ElementsAre(kDoctorNotPermitted));
  sight.with_token = true;
  EXPECT_THAT(Ids(sight), ElementsAre("drops-authorization"));
  sight = Refused(401, "Bearer realm=\"tailrace\", error=\"invalid_token\"");
  sight.with_token = true;
  EXPECT_THAT(Ids(sight), ElementsAre(kDoctorNotPermitted));
}

TEST(Advice, IsForWhoPassesItOn) {
  EXPECT_THAT(AdviceFor({"cuts", "nginx"}), ElementsAre("nginx: proxy_read_timeout 75s;"));
  EXPECT_THAT(AdviceFor({"cuts", "nginx", true}), ElementsAre("nginx: uwsgi_read_timeout 75s;"));
  EXPECT_THAT(AdviceFor({"cuts", ""}), ElementsAre(HasSubstr("nginx: proxy_"), HasSubstr("Caddy: "),
                                                   HasSubstr("HAProxy: "), Not(HasSubstr(": "))));
  EXPECT_THAT(AdviceFor({"changes-content-type", "caddy"}), ElementsAre(HasSubstr("Content-Type")));
  AdviceQuery query{"drops-client", "nginx"};
  query.forwarded = true;
  EXPECT_THAT(AdviceFor(query), ElementsAre(AllOf(HasSubstr("proxy_set_header Forwarded \"for="),
                                                  HasSubstr("host=\\\"$http_host\\\"\";"))));
}

TEST(Advice, ProxiesSayWhoTheyAre) {
  DoctorSight sight = GoodWith("Server", "nginx/1.22.1");
  EXPECT_EQ(ProxyOf(sight), "nginx");
  EXPECT_EQ(ProxyOf(GoodWith("Via", "1.1 Caddy")), "caddy");
  EXPECT_EQ(ProxyOf(Good()), "");
  sight.proxy = "haproxy";
  EXPECT_EQ(ProxyOf(sight), "haproxy");
}

}  // namespace
}  // namespace tailrace
