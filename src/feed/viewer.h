// Viewer: one reader of a log's stream. It is a cursor: it owns no queue and no bytes but a few of
// its own notices.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "feed/segment.h"
#include "log/log_info.h"
#include "store/log_store.h"

namespace tailrace {

class Feed;
class Viewer;

/// Viewers in no order; each knows its slot, so leaving costs nothing. A viewer is in one list at a
/// time.
class ViewerList {
 public:
  void Add(Viewer& viewer);
  void Remove(Viewer& viewer);
  Viewer& operator[](size_t slot) const { return *viewers_[slot]; }
  size_t Size() const { return viewers_.size(); }
  bool Empty() const { return viewers_.empty(); }
  /// Has the processor load what serving the viewers a few slots before `slot` will touch.
  void FetchAhead(size_t slot) const;

 private:
  std::vector<Viewer*> viewers_;
};

/// Where a stream begins, as its client asked (api.md "Cursor").
struct StreamStart {
  std::string incarnation;  ///< Empty: any.
  Position position = 0;
};

enum class ResetCause : uint8_t { kRecreated, kAhead };

/// The transport and the words of a viewer are its subclass's; everything else is FeedTable's.
class Viewer {
 public:
  /// `transport`: what Write touches first; it is fetched ahead, while others are served.
  Viewer(Style style, bool chunked, StreamStart start, const void* transport = nullptr)
      : style_(style), chunked_(chunked), transport_(transport), start_(std::move(start)) {}
  virtual ~Viewer() = default;
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  /// Bytes to send as they are (a response head). Before it is attached.
  void QueueRaw(std::string_view bytes) { notices_.append(bytes); }

  Position position() const { return position_; }
  bool Attached() const { return feed_ != nullptr; }
  // While it is attached.
  const LogKey& key() const;
  /// What this worker knows of its log. Null: there is none (yet).
  const LogInfo* KnownLog() const;
  /// Entries between it and the head, as far as this worker knows.
  uint64_t Lag() const;
  /// Between two entries with nothing under way: a heartbeat may go out.
  bool Idle() const;

 protected:
  /// Sends; returns how much the transport took (less: blocked, FeedTable::Writable comes later) or
  /// a negative number: broken, OnAborted follows.
  virtual int64_t Write(std::span<const iovec> parts) = 0;
  /// Append what the client is told, without framing.
  virtual void TellGap(std::string& out, const LogInfo& info, Position from, Position to,
                       GapCause cause) = 0;
  virtual void TellReset(std::string& out, const LogInfo& info, ResetCause cause) = 0;
  virtual void TellEnd(std::string& out, const LogInfo& info) = 0;
  virtual void TellDeleted(std::string& out) = 0;
  /// Whether it may be shown this log; asked for each incarnation that it meets. If not, it is told
  /// so and ends.
  virtual bool MaySee(const LogInfo& /*info*/) const { return true; }
  virtual void TellExpired(std::string& /*out*/) {}
  /// The store cannot be read: come back later.
  virtual void TellUnavailable(std::string& out) = 0;
  /// Everything is sent and nothing more will come. Detached; may destroy the viewer.
  virtual void OnFinished() = 0;
  /// The stream cannot go on and the client must reconnect. Detached; may destroy the viewer.
  virtual void OnAborted() = 0;

 private:
  friend class Feed;
  friend class FeedTable;
  friend class ViewerList;

  enum class State : uint8_t {
    kDetached,
    kWaiting,    // in Feed::waiting_: the log does not exist, or its state is being looked up
    kReady,      // in FeedTable::ready_: something to do in this turn
    kFollowing,  // in Feed::following_: everything known was sent, or is in the pass under way
    kReading,    // in PendingRead::viewers: the store is being read
    kBlocked,    // in no list: the transport is full
  };

  bool MidSegment() const { return offset_ > 0; }
  /// What the coding begins with, and the first notice.
  void QueueStart(const SegmentRenderer& renderer, std::string_view payload);
  void QueueNotice(const SegmentRenderer& renderer, std::string_view payload);
  /// The last notice; after it comes nothing.
  void QueueFinish(const SegmentRenderer& renderer, std::string_view payload);
  void AppendEncoded(const SegmentRenderer& renderer, std::string_view payload, std::string& out);
  void QueueFramed(std::string_view bytes);

  Feed* feed_ = nullptr;
  ViewerList* list_ = nullptr;
  std::string notices_;          // encoded and framed; sent before any further segment
  uint64_t log_number_ = 0;      // incarnation that the cursor belongs to; 0: not known yet
  Position position_ = 0;        // all before it was sent
  Position segment_end_ = 0;     // of the segment that is being sent
  uint64_t offset_ = 0;          // bytes of it that were sent, framing included
  PlainSum sum_;                 // Coding::kGzip: of all that was sent or stands in notices_
  uint64_t needed_look_up_ = 0;  // Feed::looked_up_ that can say that the cursor is wrong
  uint32_t slot_ = 0;
  State state_ = State::kDetached;
  Style style_;
  bool chunked_;
  bool finishing_ = false;  // after notices_ comes nothing
  const void* transport_;   // to be fetched, never read
  StreamStart start_;       // behind what each turn touches
};

}  // namespace tailrace
