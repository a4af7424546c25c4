#include "kubernetes/plugin_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "kubernetes/test_folder.h"

namespace tailrace::kube {
namespace {

using testing::HasSubstr;

class PluginRunTest : public testing::Test {
 protected:
  Result<std::string> Run(const PluginCommand& command) {
    std::optional<Result<std::string>> result;
    PluginRun run(loop_, command, [&](Result<std::string> output) {
      result = std::move(output);
      loop_.Stop();
    });
    EXPECT_FALSE(result);
    loop_.Run();
    return *result;
  }

  Loop loop_;
  const TestFolder folder_;
};

TEST_F(PluginRunTest, GivesWhatItWroteToStdout) {
  const std::string script = folder_.Script("plugin", "echo \"$1 $WORD\"; echo noise >&2");
  EXPECT_EQ(Run({.command = script, .arguments = {"a b"}, .environment = {"WORD=c"}}).value(),
            "a b c\n");
}

TEST_F(PluginRunTest, IsFoundByPath) {
  EXPECT_EQ(
      Run({.command = "echo", .arguments = {"x"}, .environment = {"PATH=/usr/bin:/bin"}}).value(),
      "x\n");
}

TEST_F(PluginRunTest, FailuresSayWhy) {
  EXPECT_THAT(Run({.command = folder_.path() + "/none"}).error().message,
              HasSubstr("none' cannot be started: no such file or directory"));
  const std::string fails =
      folder_.Script("fails", "echo first >&2; echo 'not logged in' >&2; exit 3");
  EXPECT_EQ(Run({.command = fails}).error().message,
            "the exec plugin '" + fails + "' failed with exit code 3: not logged in");
  const std::string killed = folder_.Script("killed", "kill -9 $$");
  EXPECT_EQ(Run({.command = killed}).error().message,
            "the exec plugin '" + killed + "' was ended by signal 9");
}

TEST_F(PluginRunTest, TooLongAndTooMuch) {
  const std::string sleeps = folder_.Script("sleeps", "sleep 1000 & wait");
  EXPECT_THAT(Run({.command = sleeps, .timeout_ms = 50}).error().message,
              HasSubstr("gave no answer within 50 ms"));
  const std::string writes = folder_.Script("writes", "exec yes");
  EXPECT_THAT(Run({.command = writes, .environment = {"PATH=/usr/bin:/bin"}}).error().message,
              HasSubstr("writes more than 1048576 bytes"));
}

TEST_F(PluginRunTest, DestroyedItKillsTheWholeGroup) {
  const std::string fifo = folder_.path() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const std::string script = folder_.Script("spawns", "sleep 1000 >" + fifo + " & wait");
  auto run = std::make_unique<PluginRun>(
      loop_, PluginCommand{.command = script, .environment = {"PATH=/usr/bin:/bin"}},
      [](const Result<std::string>&) { FAIL(); });
  const int fd = open(fifo.c_str(), O_RDONLY);  // waits for the script's child
  ASSERT_GE(fd, 0);
  run.reset();
  char byte = 0;
  EXPECT_EQ(read(fd, &byte, 1), 0);  // waits until it is gone
  close(fd);
}

}  // namespace
}  // namespace tailrace::kube
