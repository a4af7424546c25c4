// For tests of this and other modules: a clock that stands still, and a store's calls as blocking
// functions.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "store/log_store.h"

namespace tailrace::testing {

inline constexpr TimeNs kTestTime = 1'700'000'000'000'000'000;
inline constexpr TimeNs kSecond = 1'000'000'000;

class FakeClock final : public Clock {
 public:
  TimeNs Now() const override { return now_; }
  void Set(TimeNs now) { now_ = now; }
  void Advance(TimeNs by) { now_ += by; }

 private:
  std::atomic<TimeNs> now_ = kTestTime;
};

/// A function for `done`, and the answer that it will get.
template <typename T>
std::pair<std::function<void(Result<T>)>, std::future<Result<T>>> Promise() {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  return {[promise](Result<T> answer) { promise->set_value(std::move(answer)); },
          std::move(future)};
}

inline EntryRun MakeRun(const std::vector<std::string>& texts) {
  EntryRun run;
  for (const std::string& text : texts) run.Add(Entry{.time = kTestTime, .text = text});
  return run;
}

inline AppendRequest MakeAppend(const LogKey& key, const std::vector<std::string>& texts) {
  AppendRequest request;
  request.key = key;
  request.run = MakeRun(texts);
  return request;
}

inline std::future<Result<AppendAnswer>> AppendLater(LogStore& store, AppendRequest request) {
  auto [done, answer] = Promise<AppendAnswer>();
  request.done = std::move(done);
  store.Append(std::move(request));
  return std::move(answer);
}

inline Result<AppendAnswer> AppendNow(LogStore& store, AppendRequest request) {
  return AppendLater(store, std::move(request)).get();
}

inline Result<AppendAnswer> AppendNow(LogStore& store, const LogKey& key,
                                      const std::vector<std::string>& texts) {
  return AppendNow(store, MakeAppend(key, texts));
}

inline Result<CreateRequest::Answer> CreateNow(LogStore& store, const LogKey& key,
                                               std::optional<std::string> title = {},
                                               std::optional<Labels> labels = {},
                                               bool only_if_new = false) {
  auto [done, answer] = Promise<CreateRequest::Answer>();
  store.Create({key, std::move(title), std::move(labels), std::move(done), only_if_new});
  return answer.get();
}

inline Result<LogInfo> EndNow(LogStore& store, const LogKey& key, const Outcome& outcome) {
  auto [done, answer] = Promise<LogInfo>();
  store.End({key, outcome, std::move(done)});
  return answer.get();
}

inline Result<LogInfo> RemoveNow(LogStore& store, const LogKey& key) {
  auto [done, answer] = Promise<LogInfo>();
  store.Remove({key, std::move(done)});
  return answer.get();
}

/// The texts of a run of encoded entries.
inline std::vector<std::string> Texts(std::string_view encoded) {
  std::vector<std::string> texts;
  EntryReader reader(encoded);
  for (Entry entry; reader.Next(entry);) texts.emplace_back(entry.text);
  return texts;
}

/// A log as its readers see it from `from` on: an entry's text, or what stands in its place.
inline constexpr std::string_view kRetired = "<retention>";
inline constexpr std::string_view kDamaged = "<damaged>";

/// Reads all of [from, position) in steps of `max_bytes`. Stops at an error.
inline Result<std::vector<std::string>> ReadAll(LogStore& store, const LogKey& key,
                                                Position from = 0, size_t max_bytes = 1 << 20) {
  std::vector<std::string> seen;
  Position next = from;
  for (;;) {
    auto answer = store.Read(key, next, max_bytes);
    if (!answer) return Fail(answer.error());
    if (answer->items.empty()) return seen;
    for (const ReadItem& item : answer->items) {
      const Position skip = next - item.begin;
      if (item.chunk) {
        const auto texts = Texts(item.chunk->encoded);
        for (size_t i = skip; i < texts.size(); ++i) seen.push_back(texts[i]);
      } else {
        const auto cause = item.cause == GapCause::kRetention ? kRetired : kDamaged;
        for (Position p = next; p < item.end; ++p) seen.emplace_back(cause);
      }
      next = item.end;
    }
  }
}

}  // namespace tailrace::testing
