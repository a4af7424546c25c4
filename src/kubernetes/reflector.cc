#include "kubernetes/reflector.h"

#include <algorithm>
#include <utility>

#include "io/timer.h"
#include "kubernetes/api_path.h"
#include "kubernetes/known_objects.h"
#include "kubernetes/object_reader.h"

namespace tailrace::kube {
namespace {

constexpr uint64_t kWatchGraceMs = 30'000;    // beyond the time that a watch asked for
constexpr uint64_t kShortWatchMs = 1'000;     // one that ends sooner and told nothing is a failure
constexpr uint64_t kRefusalsBeforeList = 3;   // of a watch that brings nothing
constexpr uint64_t kExpiriesBeforeWhole = 2;  // of lists in pages; then without pages

}  // namespace

class Reflector::Impl {
 public:
  Impl(ApiClient& client, ReflectorOptions options, ReflectorHandler& handler, Random& random)
      : client_(client),
        options_(std::move(options)),
        handler_(handler),
        random_(random),
        retry_(client.loop()),
        overdue_(client.loop()) {
    List();
  }

  const ReflectorStats& stats() const { return stats_; }

 private:
  ApiPath Path() const {
    ApiPath path(options_.path);
    if (!options_.label_selector.empty()) path.Query("labelSelector", options_.label_selector);
    if (!options_.field_selector.empty()) path.Query("fieldSelector", options_.field_selector);
    return path;
  }

  // ----- lists

  void List() {
    known_.BeginList();
    next_.clear();
    ListPage();
  }

  void ListPage() {
    ApiPath path = Path();
    if (expired_lists_ < kExpiriesBeforeWhole && options_.page_objects > 0) {
      path.Query("limit", std::to_string(options_.page_objects));
    }
    if (!next_.empty()) path.Query("continue", next_);
    call_ = client_.Get(path.text(), [this](const ApiEnd& end, std::string body) {
      if (end.ok()) {
        OnPage(std::move(body));
      } else {
        OnListFailed(end);
      }
    });
  }

  void OnListFailed(const ApiEnd& end) {
    if (end.gone()) {
      ++stats_.expired;
      ++expired_lists_;
    }
    Rest(end, [this] { List(); });
  }

  void OnPage(std::string body) {
    const auto meta = reader_.ReadList(body, [this](const ObjectId& id, std::string_view json) {
      if (known_.Note(id)) handler_.OnObject(id, json);
    });
    Measure();
    if (!meta) {
      Rest({.message = meta.error().message}, [this] { List(); });
      return;
    }
    Recovered();
    next_ = meta->next;
    if (!next_.empty()) {
      ListPage();
      return;
    }
    for (const KnownObjects::Gone& gone : known_.TakeAbsent()) {
      handler_.OnDeleted({gone.uid, gone.resource_version, gone.namespace_name, gone.name}, {});
    }
    Measure();
    ++stats_.lists;
    expired_lists_ = 0;
    version_ = meta->resource_version;
    synced_ = stats_.synced = true;
    handler_.OnSynced();
    Watch();
  }

  // ----- watches

  void Watch() {
    const uint64_t time_s = random_.Between(options_.watch_min_s, options_.watch_max_s);
    ApiPath path = Path();
    path.Query("watch", "true")
        .Query("allowWatchBookmarks", "true")
        .Query("resourceVersion", version_)
        .Query("timeoutSeconds", std::to_string(time_s));
    line_.clear();
    told_ = false;
    expired_ = false;
    began_ms_ = client_.loop().NowMs();
    ++stats_.watches;
    call_ =
        client_.Stream(path.text(), {.on_open = [this](int) { Recovered(); },
                                     .on_bytes = [this](std::string_view bytes) { OnBytes(bytes); },
                                     .on_end = [this](const ApiEnd& end) { OnWatchEnd(end); }});
    overdue_.Start(time_s * 1000 + kWatchGraceMs, [this] {
      Abandon({.how = ApiEnd::How::kCut, .message = "a watch did not end in time"});
    });
  }

  void OnBytes(std::string_view bytes) {
    while (!bytes.empty() && call_.Active()) {
      const size_t end = bytes.find('\n');
      line_.append(bytes.substr(0, end));
      if (line_.size() > options_.object_bytes) {
        list_next_ = true;
        Abandon({.how = ApiEnd::How::kTooLarge,
                 .message = "a watch event has more than " + std::to_string(options_.object_bytes) +
                            " bytes"});
        return;
      }
      if (end == std::string_view::npos) return;
      bytes.remove_prefix(end + 1);
      OnLine();
      line_.clear();
    }
  }

  void OnLine() {
    const auto event = reader_.ReadEvent(line_);
    if (!event) {
      list_next_ = true;
      Abandon({.message = event.error().message});
      return;
    }
    if (event->type == WatchEvent::Type::kError) {
      OnErrorEvent(*event);
      return;
    }
    told_ = true;
    failures_ = 0;
    refusals_ = 0;
    version_ = event->id.resource_version;
    if (event->type == WatchEvent::Type::kBookmark) return;
    ++stats_.events;
    if (event->type == WatchEvent::Type::kDeleted) {
      known_.Remove(event->id.uid);
      handler_.OnDeleted(event->id, event->json);
    } else if (known_.Note(event->id)) {
      handler_.OnObject(event->id, event->json);
    }
    Measure();
  }

  void OnErrorEvent(const WatchEvent& event) {
    const ApiEnd end{.how = ApiEnd::How::kRefused,
                     .status = event.status,
                     .reason = event.reason,
                     .message = event.message};
    expired_ = end.gone();
    Abandon(end);
  }

  // Ends the watch from our side; not during a callback of it, which may have more bytes.
  void Abandon(const ApiEnd& end) {
    call_.Cancel();
    overdue_.Stop();
    retry_.Start(0, [this, end] { OnWatchEnd(end); });
  }

  void OnWatchEnd(const ApiEnd& end) {
    overdue_.Stop();
    if (end.gone() || expired_) {
      ++stats_.expired;
      // At once, unless the last list was of no use either.
      if (told_ || failures_ == 0) {
        ++failures_;
        List();
      } else {
        Rest(end, [this] { List(); });
      }
      return;
    }
    if (end.how == ApiEnd::How::kRefused && !end.again()) ++refusals_;
    if (std::exchange(list_next_, false) || refusals_ >= kRefusalsBeforeList) {
      refusals_ = 0;
      Rest(end, [this] { List(); });
      return;
    }
    const bool was_short = client_.loop().NowMs() - began_ms_ < kShortWatchMs && !told_;
    if (end.ok() && !was_short) {
      failures_ = 0;
      Watch();
    } else if (end.ok()) {
      // Not a trouble to speak of, but not to be repeated at once either.
      retry_.Start(NextDelay(0), [this] { Watch(); });
    } else {
      Rest(end, [this] { Watch(); });
    }
  }

  // ----- trouble

  uint64_t NextDelay(uint64_t wish_ms) {
    const uint64_t doubled = options_.retry_min_ms << std::min<uint64_t>(failures_, 20);
    ++failures_;
    const uint64_t delay_ms = std::min(doubled, options_.retry_max_ms);
    return std::max(wish_ms, delay_ms / 2 + random_.Between(0, delay_ms));
  }

  void Rest(const ApiEnd& end, Loop::Task then) {
    const uint64_t delay_ms = NextDelay(end.retry_after_ms);
    trouble_ = true;
    stats_.synced = false;
    retry_.Start(delay_ms, std::move(then));
    handler_.OnTrouble(end, delay_ms);
  }

  void Recovered() {
    if (!std::exchange(trouble_, false)) return;
    stats_.synced = synced_;
    handler_.OnRecovered();
  }

  void Measure() {
    stats_.objects = known_.size();
    stats_.memory_bytes = known_.MemoryBytes();
  }

  ApiClient& client_;
  const ReflectorOptions options_;
  ReflectorHandler& handler_;
  Random& random_;
  ObjectReader reader_;
  KnownObjects known_;
  ReflectorStats stats_;
  std::string version_;  // of the last list, event or bookmark
  std::string next_;     // page of a list
  std::string line_;     // of a watch, so far
  uint64_t began_ms_ = 0;
  uint64_t failures_ = 0;       // in a row
  uint64_t refusals_ = 0;       // of watches, in a row
  uint64_t expired_lists_ = 0;  // in a row
  bool told_ = false;           // this watch: an event or a bookmark
  bool expired_ = false;        // this watch: an ERROR event of 410
  bool list_next_ = false;      // this watch can't be gone on with
  bool trouble_ = false;
  bool synced_ = false;  // a list was complete
  Timer retry_;
  Timer overdue_;
  ApiCall call_;
};

Reflector::Reflector(ApiClient& client, ReflectorOptions options, ReflectorHandler& handler,
                     Random& random)
    : impl_(std::make_unique<Impl>(client, std::move(options), handler, random)) {}

Reflector::~Reflector() = default;

const ReflectorStats& Reflector::stats() const {
  return impl_->stats();
}

}  // namespace tailrace::kube
