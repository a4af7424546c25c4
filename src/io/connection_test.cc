#include "io/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "io/address.h"
#include "io/listener.h"
#include "io/loop.h"

namespace tailrace {
namespace {

// Writes down what it is told and stops the loop each time.
class Recorder final : public ConnectionHandler {
 public:
  explicit Recorder(Loop& loop) : loop_(loop) {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    peer = fds[1];
    connection = std::make_unique<Connection>(loop, fds[0], *this);
  }
  ~Recorder() {
    if (peer >= 0) close(peer);
  }
  void OnRead(std::string_view bytes) override { Note("read " + std::string(bytes)); }
  void OnReadEnd() override { Note("end"); }
  void OnWritable() override { Note("writable"); }
  void OnBroken() override {
    connection.reset();
    Note("broken");
  }

  std::string Next() {
    event.clear();
    loop_.Run();
    return event;
  }

  std::unique_ptr<Connection> connection;
  int peer = -1;
  std::string event;

 private:
  void Note(std::string what) {
    event = std::move(what);
    loop_.Stop();
  }
  Loop& loop_;
};

TEST(Connection, TellsBytesAndTheEnd) {
  Loop loop;
  Recorder recorder(loop);
  ASSERT_EQ(send(recorder.peer, "abc", 3, 0), 3);
  EXPECT_EQ(recorder.Next(), "read abc");
  shutdown(recorder.peer, SHUT_WR);
  EXPECT_EQ(recorder.Next(), "end");
  EXPECT_TRUE(recorder.connection->ReadEnded());
  EXPECT_EQ(recorder.connection->Write("still"), 5);  // a half-closed peer still reads
  char buffer[8];
  EXPECT_EQ(recv(recorder.peer, buffer, sizeof buffer, 0), 5);
  close(recorder.peer);
  recorder.peer = -1;
  EXPECT_EQ(recorder.Next(), "broken");
}

TEST(Connection, SaysHowMuchTheKernelTookAndWhenThereIsRoomAgain) {
  Loop loop;
  Recorder recorder(loop);
  const std::string megabyte(1 << 20, 'x');
  const int64_t taken = recorder.connection->Write(megabyte);
  ASSERT_GT(taken, 0);
  ASSERT_LT(taken, 1 << 20);
  EXPECT_TRUE(recorder.connection->Blocked());
  std::string drained(1 << 20, 0);
  while (recv(recorder.peer, drained.data(), drained.size(), 0) > 0) {
  }
  EXPECT_EQ(recorder.Next(), "writable");
  EXPECT_FALSE(recorder.connection->Blocked());
}

TEST(Connection, HoldsThePeerBackWhileReadingIsNotWanted) {
  Loop loop;
  Recorder recorder(loop);
  recorder.connection->WantRead(false);
  ASSERT_EQ(send(recorder.peer, "abc", 3, 0), 3);
  bool woken = false;
  loop.SetWakeUp(loop.NowMs() + 20, [&] {
    woken = true;
    EXPECT_EQ(recorder.event, "");
    recorder.connection->WantRead(true);
  });
  EXPECT_EQ(recorder.Next(), "read abc");
  EXPECT_TRUE(woken);
}

TEST(Listener, HandsOutConnectionsAndRestsWhilePaused) {
  Loop loop;
  const auto listen_fd = OpenListenSocket(*ParseAddress("127.0.0.1:0"));
  ASSERT_TRUE(listen_fd);
  const auto address = ParseAddress(LocalAddressText(*listen_fd));
  int accepted = -1;
  Listener listener(loop, *listen_fd, [&](int fd) {
    accepted = fd;
    loop.Stop();
  });
  listener.Pause();
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(connect(client, reinterpret_cast<const sockaddr*>(&address->storage), address->size),
            0);
  loop.SetWakeUp(loop.NowMs() + 10, [&] {
    EXPECT_EQ(accepted, -1);
    listener.Resume();
  });
  loop.Run();
  EXPECT_GE(accepted, 0);
  close(accepted);
  close(client);
}

}  // namespace
}  // namespace tailrace
