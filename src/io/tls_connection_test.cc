// Connection under TLS, against OpenSSL's own client.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/connection.h"
#include "io/loop.h"
#include "io/tls_harness.h"

namespace tailrace {
namespace {

// One server's end and one client's end on one loop; the client acts at the end of each turn.
class TlsConnectionTest : public testing::Test, public ConnectionHandler {
 protected:
  TlsConnectionTest() : context(std::move(*TlsContext::Load(certificate.files()))) {}

  void Connect(const TlsClientOptions& options = {}, int socket_bytes = 0) {
    client.reset();
    connection.reset();
    events.clear();
    read.clear();
    int fds[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    if (socket_bytes > 0) {
      setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &socket_bytes, sizeof socket_bytes);
      setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &socket_bytes, sizeof socket_bytes);
    }
    connection = std::make_unique<Connection>(loop, fds[0], *this, context.get());
    client = std::make_unique<TlsClient>(fds[1], options);
  }

  // Turns until it holds.
  void Until(const std::function<bool()>& holds) {
    loop.SetTurnEnd([this, &holds] {
      client->Step();
      if (connection != nullptr && !to_write.empty() && !connection->Blocked()) WriteOn();
      if (holds()) loop.Stop();
      return true;
    });
    loop.Run();
    loop.SetTurnEnd(nullptr);
  }
  void Turns(int count) {
    Until([&count] { return --count <= 0; });
  }
  void Secure() {
    Until([this] { return client->Secured() && Happened("secured"); });
  }
  bool Happened(const std::string& event) const {
    return std::ranges::find(events, event) != events.end();
  }
  uint64_t Failed(TlsFailure failure) {
    return context->stats().failed[static_cast<size_t>(failure)];
  }

  void WriteOn() {
    const int64_t taken = connection->Write(to_write);
    ASSERT_GE(taken, 0);
    to_write.erase(0, static_cast<size_t>(taken));
  }

  void OnSecured() override { events.push_back("secured"); }
  void OnRead(std::string_view bytes) override {
    read.append(bytes);
    if (destroy_on_read) connection.reset();
  }
  void OnReadEnd() override { events.push_back("end"); }
  void OnWritable() override {
    EXPECT_FALSE(connection->Holds());
    events.push_back("writable");
  }
  void OnBroken() override {
    events.push_back("broken");
    connection.reset();
  }

  TestCertificate certificate;
  std::unique_ptr<TlsContext> context;
  Loop loop;
  std::unique_ptr<TlsClient> client;
  std::unique_ptr<Connection> connection;
  std::vector<std::string> events;
  std::string read;
  std::string to_write;
  bool destroy_on_read = false;
};

std::string Numbers(size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + "\n";
  text.resize(size);
  return text;
}

TEST_F(TlsConnectionTest, SpeaksBothVersions) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Connect({.version = version});
    EXPECT_TRUE(connection->Handshaking());
    EXPECT_EQ(connection->Write("too early"), 0);
    Secure();
    EXPECT_FALSE(connection->Handshaking());
    EXPECT_EQ(SSL_version(client->ssl()), version);
    client->Send("hello");
    Until([this] { return read == "hello"; });
    EXPECT_EQ(connection->Write("world"), 5);
    Until([this] { return client->received() == "world"; });
  }
  EXPECT_EQ(context->stats().full, 2U);
  EXPECT_EQ(context->stats().pending, 0U);
}

TEST_F(TlsConnectionTest, OneByteAtATime) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Connect({.version = version, .bytes_a_step = 1});
    Secure();
    client->Send("hello");
    to_write = "world";
    Until([this] { return read == "hello" && client->received() == "world"; });
  }
}

TEST_F(TlsConnectionTest, ManyBytesThroughASmallSocketBothWays) {
  const std::string text = Numbers(1 << 20);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Connect({.version = version}, 4096);
    Secure();
    client->Send(text);
    to_write = text;
    Until([&] { return client->received().size() + read.size() >= 2 * text.size(); });
    EXPECT_EQ(client->received(), text);
    EXPECT_EQ(read, text);
  }
}

TEST_F(TlsConnectionTest, JoinsSmallPartsIntoFullRecords) {
  const std::string text = Numbers(100'000);
  std::vector<iovec> parts;
  for (size_t at = 0, size = 0; at < text.size(); at += size, size = (size + 37) % 999) {
    size = std::min(size, text.size() - at);
    parts.push_back({const_cast<char*>(text.data()) + at, size});
  }
  Connect({}, 1 << 20);
  Secure();
  EXPECT_EQ(connection->Write(parts), 100'000);
  Until([&] { return client->received().size() >= text.size(); });
  EXPECT_EQ(client->received(), text);
  constexpr size_t kFull = (16 << 10) + 17;  // content type, tag of AES-GCM
  std::vector<size_t> expected(100'000 / (16 << 10), kFull);
  expected.push_back(100'000 % (16 << 10) + kFull - (16 << 10));
  std::vector<size_t> data = client->records();
  data.erase(data.begin(), data.end() - static_cast<ptrdiff_t>(expected.size()));  // tickets
  EXPECT_EQ(data, expected);
}

TEST_F(TlsConnectionTest, WhatWasTakenArrivesAlthoughThePeerDoesNotReadYet) {
  Connect({}, 4096);
  Secure();
  client->SetReading(false);
  const std::string text = Numbers(1 << 20);
  const int64_t taken = connection->Write(text);
  ASSERT_GT(taken, 0);
  ASSERT_LT(taken, 1 << 20);
  EXPECT_TRUE(connection->Blocked());
  EXPECT_TRUE(connection->Holds());
  EXPECT_EQ(connection->Write("not now"), 0);
  Turns(20);
  EXPECT_FALSE(Happened("writable"));
  client->SetReading(true);
  Until([this] { return Happened("writable"); });
  EXPECT_FALSE(connection->Blocked());
  Until([&] { return client->received().size() == static_cast<size_t>(taken); });
  EXPECT_EQ(client->received(), text.substr(0, static_cast<size_t>(taken)));
}

TEST_F(TlsConnectionTest, TakenWholeButHeldIsNoReasonToCallBack) {
  Connect({}, 4096);
  Secure();
  client->SetReading(false);
  std::string text;
  while (!connection->Holds()) {  // fills the socket; the last record is taken all the same
    ASSERT_EQ(connection->Write(std::string(500, 'x')), 500);
    text.append(500, 'x');
  }
  EXPECT_FALSE(connection->Blocked());
  client->SetReading(true);
  Until([&] { return client->received().size() == text.size(); });
  EXPECT_FALSE(Happened("writable"));
}

TEST_F(TlsConnectionTest, HoldsThePeerBackWhileReadingIsNotWanted) {
  Connect();
  Secure();
  connection->WantRead(false);
  client->Send(Numbers(100'000));
  Turns(20);
  EXPECT_EQ(read, "");
  connection->WantRead(true);
  Until([this] { return read.size() == 100'000; });
  EXPECT_EQ(read, Numbers(100'000));
}

TEST_F(TlsConnectionTest, ResumesByTicket) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Connect({.version = version});
    Secure();
    connection->Write("x");  // the ticket of TLS 1.3 is read with what follows
    Until([this] { return client->received() == "x"; });
    SSL_SESSION* const session = client->TakeSession();
    ASSERT_NE(session, nullptr);
    ASSERT_TRUE(context->Reload());
    const uint64_t before = context->stats().resumed;
    Connect({.version = version, .session = session});
    Secure();
    EXPECT_EQ(SSL_session_reused(client->ssl()), 1);
    EXPECT_EQ(context->stats().resumed, before + 1);
    SSL_SESSION_free(session);
  }
}

TEST_F(TlsConnectionTest, EndOfThePeerIsNotTheEndOfOurs) {
  Connect();
  Secure();
  client->Send("last words");
  client->Step();
  client->End();
  Until([this] { return Happened("end"); });
  EXPECT_EQ(read, "last words");
  EXPECT_TRUE(connection->ReadEnded());
  EXPECT_EQ(connection->Write("still"), 5);
  connection->ShutdownWrite();
  Until([this] { return client->Gone(); });
  EXPECT_EQ(client->received(), "still");
  EXPECT_TRUE(client->Ended());
}

TEST_F(TlsConnectionTest, APeerThatIsCutOffIsBroken) {
  Connect();
  Secure();
  client->Send("half a requ");
  client->Step();
  client->Cut();
  Until([this] { return Happened("broken"); });
  EXPECT_FALSE(Happened("end"));
}

TEST_F(TlsConnectionTest, GoingWithoutShutdownLooksLikeACut) {
  Connect();
  Secure();
  ASSERT_EQ(connection->Write("half an ans"), 11);
  connection.reset();
  Until([this] { return client->Gone(); });
  EXPECT_EQ(client->received(), "half an ans");
  EXPECT_FALSE(client->Ended());
}

TEST_F(TlsConnectionTest, ShutdownComesBehindWhatIsHeld) {
  Connect({}, 4096);
  Secure();
  client->SetReading(false);
  const std::string text = Numbers(1 << 20);
  const auto taken = static_cast<size_t>(connection->Write(text));
  ASSERT_TRUE(connection->Holds());
  connection->ShutdownWrite();
  Turns(5);
  EXPECT_FALSE(client->Ended());
  client->SetReading(true);
  Until([this] { return client->Gone(); });
  EXPECT_EQ(client->received(), text.substr(0, taken));
  EXPECT_TRUE(client->Ended());
}

TEST_F(TlsConnectionTest, TheHandlerMayDestroyUsWhenMoreIsToBeTold) {
  destroy_on_read = true;
  Connect();
  Secure();
  client->Send("bye");
  client->Step();
  client->End();
  Until([this] { return connection == nullptr; });
  EXPECT_EQ(read, "bye");
  EXPECT_EQ(events, std::vector<std::string>{"secured"});
}

TEST_F(TlsConnectionTest, GarbageBehindTheHandshakeBreaksIt) {
  Connect();
  Secure();
  client->SendRaw(std::string(100, 'g'));
  Until([this] { return Happened("broken"); });
  EXPECT_EQ(read, "");
}

TEST_F(TlsConnectionTest, GarbageInsteadOfAHandshake) {
  Connect();
  client->Cut();
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  connection = std::make_unique<Connection>(loop, fds[0], *this, context.get());
  const std::string garbage = "\x16\x03\x01\x01" + std::string(300, '\x01');
  ASSERT_EQ(send(fds[1], garbage.data(), garbage.size(), 0), 304);
  Until([this] { return Happened("broken"); });
  EXPECT_EQ(Failed(TlsFailure::kProtocol), 1U);
  EXPECT_EQ(context->stats().pending, 0U);
  close(fds[1]);
}

TEST_F(TlsConnectionTest, ClearTextIsReadAsSuch) {
  Connect();
  client->Cut();
  int fds[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
  connection = std::make_unique<Connection>(loop, fds[0], *this, context.get());
  ASSERT_EQ(send(fds[1], "GET / HTTP/1.1\r\n", 16, 0), 16);
  Until([this] { return !read.empty(); });
  EXPECT_EQ(read, "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(connection->ClearTextInstead());
  EXPECT_FALSE(Happened("secured"));
  EXPECT_EQ(Failed(TlsFailure::kClearText), 1U);
  EXPECT_EQ(connection->Write("no"), 2);
  char answer[2];
  EXPECT_EQ(recv(fds[1], answer, 2, 0), 2);
  EXPECT_EQ(std::string_view(answer, 2), "no");
  close(fds[1]);
}

TEST_F(TlsConnectionTest, CountsWhyHandshakesFail) {
  const auto fails = [this](const TlsClientOptions& options, TlsFailure why) {
    Connect(options);
    Until([this] { return Happened("broken"); });
    Until([this] { return client->Gone(); });
    EXPECT_EQ(Failed(why), 1U) << TlsFailureName(why) << ": " << client->failure();
    EXPECT_FALSE(Happened("secured"));
  };
  fails({.version = TLS1_1_VERSION}, TlsFailure::kVersion);
  fails({.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256"},
        TlsFailure::kNothingInCommon);
  fails({.protocols = "\x06spdy/1"}, TlsFailure::kAlpn);
  const TestCertificate other("other");
  fails({.trusted = other.files().certificate}, TlsFailure::kRefused);
  EXPECT_EQ(context->stats().full, 0U);
}

TEST_F(TlsConnectionTest, AClientThatLeavesInTheHandshakeIsCounted) {
  Connect();
  client->Step();  // ClientHello
  client->Cut();
  Until([this] { return Happened("broken"); });
  EXPECT_EQ(Failed(TlsFailure::kClosed), 1U);
}

TEST_F(TlsConnectionTest, AHandshakeThatIsGivenUpIsCountedOnce) {
  Connect();
  client->Step();  // ClientHello
  client->SetReading(false);
  Turns(3);
  ASSERT_TRUE(connection->Handshaking());
  connection->GiveUpHandshake();
  connection.reset();
  EXPECT_EQ(Failed(TlsFailure::kTimeout), 1U);
  EXPECT_EQ(Failed(TlsFailure::kClosed), 0U);
  EXPECT_EQ(context->stats().pending, 0U);
}

TEST_F(TlsConnectionTest, AnswersTheProtocolThatTheClientKnows) {
  Connect();
  Secure();
  EXPECT_EQ(connection->Protocol(), "");
  Connect({.protocols = "\x06spdy/1\x08http/1.1"});
  Secure();
  EXPECT_EQ(connection->Protocol(), "http/1.1");
  Connect({.protocols = "\x08http/1.1"
                        "\x02h2"});
  Secure();
  EXPECT_EQ(connection->Protocol(), "h2");
}

TEST_F(TlsConnectionTest, NewKeysInTheMiddle) {
  Connect();
  Secure();
  ASSERT_EQ(SSL_key_update(client->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  client->Send("under new keys");
  Until([this] { return read == "under new keys"; });
  connection->Write("likewise");
  Until([this] { return client->received() == "likewise"; });
}

// OpenSSL cannot write while it is in the middle of reading such a message. Nothing is lost, and
// nothing spins: the rest of the message is what lets the write go on.
TEST_F(TlsConnectionTest, AWriteInTheMiddleOfAKeyUpdateWaitsForItsEnd) {
  constexpr uint8_t kHandshake = 22;
  const std::string update("\x18\x00\x00\x01\x00", 5);  // update_not_requested
  Connect();
  Secure();
  client->SendRaw(client->Seal(0, kHandshake, update.substr(0, 4)));
  Turns(5);
  const std::string text = Numbers(100'000);
  EXPECT_EQ(connection->Write(text), 0);
  EXPECT_TRUE(connection->Blocked());
  EXPECT_FALSE(connection->Holds());
  Turns(5);
  EXPECT_FALSE(Happened("writable"));
  client->SendRaw(client->Seal(1, kHandshake, update.substr(4)));
  Until([this] { return Happened("writable"); });
  EXPECT_FALSE(connection->Blocked());
  to_write = text;
  Until([&] { return client->received().size() >= text.size(); });
  EXPECT_EQ(client->received(), text);
}

// Each asks for an answer that this client does not read: what we hold for it stays small.
TEST_F(TlsConnectionTest, AFloodOfKeyUpdatesIsHeldBack) {
  Connect({}, 4096);
  Secure();
  client->SetReading(false);
  for (int i = 0; i < 10'000; ++i) {
    SSL_key_update(client->ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(client->ssl());
  }
  client->Step();
  size_t before = 0;
  while (client->Unsent() != before) {
    before = client->Unsent();
    Turns(100);
  }
  EXPECT_GT(before, 0U);
  EXPECT_TRUE(connection->Holds());
  client->SetReading(true);
  client->Send("done");
  Until([this] { return read == "done" || connection == nullptr; });
  EXPECT_EQ(read, "done");
}

TEST_F(TlsConnectionTest, NoRenegotiation) {
  Connect({.version = TLS1_2_VERSION});
  Secure();
  ASSERT_EQ(SSL_renegotiate(client->ssl()), 1);
  SSL_do_handshake(client->ssl());
  Until([this] { return !client->failure().empty(); });
  EXPECT_EQ(client->failure(), "no renegotiation");
}

}  // namespace
}  // namespace tailrace
