// What the parts of conformance_test.h share: a store of the driver's, with a clock and randomness
// that the test holds in its hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "store/log_store.h"
#include "store/store_options.h"
#include "store/testing.h"

namespace tailrace::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

inline const LogKey kWeb{"deploy", "web"};
inline const LogKey kApi{"deploy", "api"};

template <typename Driver>
class StoreConformance : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.clock = &clock_;
    options_.retention.interval_s = 3600;
  }
  void TearDown() override { driver_.Close(); }

  void Open() {
    driver_.Open(options_, random_);
    store().SetCommitListener([this](std::vector<Commit> commits) {
      std::lock_guard lock(mutex_);
      for (Commit& commit : commits) commits_.push_back(std::move(commit));
    });
  }
  void Reopen() {
    driver_.Close();
    Open();
  }
  LogStore& store() { return driver_.store(); }
  std::vector<Commit> TakeCommits() {
    std::lock_guard lock(mutex_);
    return std::exchange(commits_, {});
  }

  AppendRequest FromProducer(uint64_t sequence, const std::vector<std::string>& texts) {
    AppendRequest request = MakeAppend(kWeb, texts);
    request.producer = ProducerMark{"agent-1", sequence};
    return request;
  }
  std::vector<std::string> ListIds(const ListQuery& query) {
    std::vector<std::string> ids;
    ListQuery page = query;
    do {
      const auto answer = store().List(page);
      EXPECT_TRUE(answer.has_value());
      if (!answer) break;
      for (const LogInfo& info : answer->logs) ids.push_back(info.key.id);
      page.after = answer->next;
    } while (!page.after.empty());
    return ids;
  }

  FakeClock clock_;
  SeededRandom random_{7};
  StoreOptions options_;
  Driver driver_;
  std::mutex mutex_;
  std::vector<Commit> commits_;
};

}  // namespace tailrace::testing
