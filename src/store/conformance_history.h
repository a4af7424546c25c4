// A random history of requests, against a model that is small enough to be believed: part of
// conformance_test.h.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "store/conformance_fixture.h"
#include "store/log_store.h"
#include "store/testing.h"

namespace tailrace::testing {

/// One log of the model: a vector of texts, and the rules of log_store.h spelt out again.
struct ModelLog {
  std::vector<std::string> texts;
  std::map<std::string, uint64_t> producers;
  std::optional<Outcome> outcome;
  std::string incarnation;  ///< As the store said it first.
};

class Model {
 public:
  /// The code of the error, if one is due.
  std::optional<ErrorCode> Append(const AppendRequest& request) {
    const auto found = logs.find(request.key);
    ModelLog fresh;
    ModelLog& log = found == logs.end() ? fresh : found->second;
    const std::vector<std::string> sent = Texts(request.run.encoded);
    size_t skip = 0;
    if (request.producer) {
      const uint64_t have = log.producers[request.producer->name];
      if (request.producer->sequence > have) return ErrorCode::kConflict;
      skip = std::min<size_t>(sent.size(), have - request.producer->sequence);
    }
    const bool all_stored = skip == sent.size();
    if (log.outcome) {
      if (!all_stored) return ErrorCode::kConflict;
      if (request.end && *request.end != *log.outcome) return ErrorCode::kConflict;
      if (!request.end && !request.producer) return ErrorCode::kConflict;
      return std::nullopt;
    }
    log.texts.insert(log.texts.end(), sent.begin() + static_cast<ptrdiff_t>(skip), sent.end());
    if (request.producer) log.producers[request.producer->name] += sent.size() - skip;
    if (request.end) log.outcome = request.end;
    if (found == logs.end()) logs.emplace(request.key, std::move(fresh));
    return std::nullopt;
  }

  std::optional<ErrorCode> End(const LogKey& key, const Outcome& outcome) {
    const auto log = logs.find(key);
    if (log == logs.end()) return ErrorCode::kNotFound;
    if (log->second.outcome && *log->second.outcome != outcome) return ErrorCode::kConflict;
    log->second.outcome = outcome;
    return std::nullopt;
  }

  std::map<LogKey, ModelLog> logs;
};

template <typename Driver>
class StoreHistory : public StoreConformance<Driver> {
 protected:
  template <typename T>
  void Compare(const Result<T>& answer, const std::optional<ErrorCode>& due) {
    ASSERT_EQ(answer ? std::nullopt : std::optional(answer.error().code), due);
  }

  LogKey AnyKey() { return {"t", std::to_string(dice_.Between(0, 5))}; }
  Outcome AnyOutcome() {
    return {.kind = dice_.Between(0, 3) == 0 ? OutcomeKind::kFailed : OutcomeKind::kSucceeded};
  }

  AppendRequest AnyAppend() {
    AppendRequest request;
    request.key = AnyKey();
    if (dice_.Between(0, 1) == 0) {
      const std::string name = "p" + std::to_string(dice_.Between(0, 2));
      const uint64_t have = model_.logs[request.key].producers[name];
      const uint64_t back = dice_.Between(0, 3);
      request.producer = ProducerMark{name, back == 3 ? have + 1 : have - std::min(have, back)};
    }
    // What a producer repeats must be what it sent: texts are told by their sequence.
    const uint64_t count = dice_.Between(0, 6);
    for (uint64_t i = 0; i < count; ++i) {
      const std::string text = request.producer ? request.producer->name + ":" +
                                                      std::to_string(request.producer->sequence + i)
                                                : std::string(dice_.Between(0, 60), 'x');
      request.run.Add(Entry{.time = kTestTime, .text = text});
    }
    if (dice_.Between(0, 19) == 0) request.end = AnyOutcome();
    return request;
  }

  void Step() {
    const uint64_t what = dice_.Between(0, 99);
    if (what < 80) {
      AppendRequest request = AnyAppend();
      if (model_.logs[request.key].incarnation.empty()) model_.logs.erase(request.key);
      const auto due = model_.Append(request);
      const auto answer = AppendNow(this->store(), request);
      ASSERT_NO_FATAL_FAILURE(Compare(answer, due));
      if (!answer) return;
      ModelLog& log = model_.logs[request.key];
      if (log.incarnation.empty()) log.incarnation = answer->incarnation;
      ASSERT_EQ(answer->incarnation, log.incarnation);
      ASSERT_EQ(answer->position, log.texts.size());
      ASSERT_EQ(answer->stored, request.run.count);
    } else if (what < 85) {
      const LogKey key = AnyKey();
      const Outcome outcome = AnyOutcome();
      const auto due = model_.End(key, outcome);
      Compare(EndNow(this->store(), key, outcome), due);
    } else if (what < 92) {
      const LogKey key = AnyKey();
      const bool there = model_.logs.erase(key) > 0;
      Compare(RemoveNow(this->store(), key),
              there ? std::nullopt : std::optional(ErrorCode::kNotFound));
    } else if (what < 98 || !Driver::kDurable) {
      const LogKey key = AnyKey();
      const auto answer = CreateNow(this->store(), key);
      ASSERT_TRUE(answer.has_value());
      ASSERT_EQ(answer->created, !model_.logs.contains(key));
      ModelLog& log = model_.logs[key];
      if (answer->created) log.incarnation = answer->info.incarnation;
      ASSERT_EQ(answer->info.incarnation, log.incarnation);
    } else {
      this->Reopen();
    }
  }

  void CheckAll() {
    for (const auto& [key, log] : model_.logs) {
      const auto info = this->store().Stat(key);
      ASSERT_TRUE(info.has_value());
      ASSERT_EQ(info->incarnation, log.incarnation);
      ASSERT_EQ(info->position, log.texts.size());
      ASSERT_EQ(info->outcome, log.outcome);
      const Position from = dice_.Between(0, log.texts.size());
      const auto read = ReadAll(this->store(), key, from, dice_.Between(0, 300));
      ASSERT_TRUE(read.has_value());
      ASSERT_EQ(*read, std::vector<std::string>(log.texts.begin() + static_cast<ptrdiff_t>(from),
                                                log.texts.end()));
    }
    ASSERT_EQ(this->store().Stats().logs, model_.logs.size());
    ASSERT_EQ(this->ListIds({.limit = 2}).size(), model_.logs.size());
  }

  SeededRandom dice_{0};
  Model model_;
};

TYPED_TEST_SUITE_P(StoreHistory);

TYPED_TEST_P(StoreHistory, AgreesWithTheModel) {
  const char* given = std::getenv("TAILRACE_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : SystemRandom().Next();
  SCOPED_TRACE("TAILRACE_SEED=" + std::to_string(seed));
  GTEST_LOG_(INFO) << "TAILRACE_SEED=" << seed;
  this->dice_ = SeededRandom(seed);
  this->options_.block_bytes = 120;
  this->Open();
  for (int i = 0; i < 600; ++i) {
    ASSERT_NO_FATAL_FAILURE(this->Step()) << "step " << i;
    if (i % 20 != 0) continue;
    ASSERT_NO_FATAL_FAILURE(this->CheckAll()) << "step " << i;
  }
  ASSERT_NO_FATAL_FAILURE(this->CheckAll());
}

REGISTER_TYPED_TEST_SUITE_P(StoreHistory, AgreesWithTheModel);

}  // namespace tailrace::testing
