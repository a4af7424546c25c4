#include "source/pass_on.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <latch>

#include "base/random.h"

namespace tailrace {
namespace {

class PassOnTest : public testing::Test {
 protected:
  PassOnTest() {
    ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(fds_.data(), O_CLOEXEC), 0);
  }
  ~PassOnTest() override {
    for (const int fd : fds_) {
      if (fd >= 0) ::close(fd);
    }
  }

  std::string Read(size_t size) {
    std::string out(size, '\0');
    size_t have = 0;
    while (have < size) {
      const ssize_t got = ::read(fds_[0], out.data() + have, size - have);
      if (got <= 0) break;
      have += static_cast<size_t>(got);
    }
    out.resize(have);
    return out;
  }

  std::array<int, 2> fds_{-1, -1};
};

TEST_F(PassOnTest, CopiedAndTakenBytesStayInOrder) {
  const uint64_t seed = SystemRandom().Next();
  std::cout << "seed " << seed << "\n";
  SeededRandom random(seed);
  PassOn pass_on([] {});
  std::string buffer(1000, '\0');
  for (int round = 0; round < 300; ++round) {
    std::string expected;
    for (uint64_t piece = random.Between(1, 6); piece > 0; --piece) {
      const size_t size = random.Between(1, 1000);
      for (size_t i = 0; i < size; ++i) buffer[i] = static_cast<char>(random.Next());
      expected.append(buffer, 0, size);
      if (random.Between(0, 1) == 0) {
        pass_on.Write(fds_[1], std::string_view(buffer).substr(0, size));
      } else {
        pass_on.Take(fds_[1], buffer, size);
      }
      ASSERT_EQ(buffer.size(), 1000u);
    }
    ASSERT_EQ(Read(expected.size()) == expected, true);
  }
}

TEST_F(PassOnTest, IsFullUntilItsReaderReads) {
  std::latch room(1);
  PassOn pass_on([&room] { room.count_down(); });
  std::string buffer(PassOn::kLimitBytes, 'x');
  pass_on.Take(fds_[1], buffer, buffer.size());
  EXPECT_FALSE(pass_on.Full());
  pass_on.Write(fds_[1], "y");
  EXPECT_TRUE(pass_on.Full());
  EXPECT_EQ(Read(PassOn::kLimitBytes + 1).back(), 'y');
  room.wait();
  EXPECT_FALSE(pass_on.Full());
}

TEST_F(PassOnTest, AReaderThatIsGoneHoldsNobody) {
  PassOn pass_on([] {});
  ::close(std::exchange(fds_[0], -1));
  std::string buffer(PassOn::kLimitBytes, 'x');
  for (int i = 0; i < 10; ++i) pass_on.Take(fds_[1], buffer, buffer.size());
}

}  // namespace
}  // namespace tailrace
