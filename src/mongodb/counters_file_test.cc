#include "mongodb/counters_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "mongodb/mongo_client.h"

namespace tailrace {
namespace {

TEST(CountersFile, IsGone) {
  const std::string path = "/dev/shm/mongoc-" + std::to_string(getpid());
  ASSERT_TRUE(CheckMongoAddress({"mongodb://h/"}));  // the driver is in use
  EXPECT_EQ(std::filesystem::exists(path), std::getenv("MONGOC_DISABLE_SHM") == nullptr);
  RemoveCountersFile();
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace tailrace
