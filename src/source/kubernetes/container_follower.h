// ContainerFollower: brings every line that one container of a pod prints into a LineSink, life
// after life, each line once and in order, whatever becomes of connections and of the pod.
//
// What the API gives decides how (docs/kubernetes.md "How lines are followed"): a stream cannot be
// told to belong to a life, ends cleanly also when it is not the container that has ended, and may
// end with words of the kubelet's. So a life is complete only when a read that began after its end
// was known has ended cleanly; a read that does not begin where the last one stopped waits until it
// is clear whether a newer life has begun or the file was rotated; and whatever is missing then is
// said.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/kubernetes/container_state.h"
#include "source/kubernetes/follow_entries.h"
#include "source/kubernetes/follow_port.h"
#include "source/kubernetes/life_reader.h"
#include "source/kubernetes/line_sink.h"

namespace tailrace {

struct FollowOptions {
  size_t entry_bytes = 1 << 20;        ///< Longer lines are split.
  const Redactor* redactor = nullptr;  ///< Outlives the follower.
  uint64_t retry_min_ms = 250;         ///< Rest after a failure, doubled each time, ± 50 %.
  uint64_t retry_max_ms = 15'000;
  uint64_t again_ms = 1'000;   ///< After an end that the container's state does not explain yet.
  uint64_t doubt_ms = 20'000;  ///< For the state to explain a read that begins elsewhere.
  uint64_t stale_ms = 10'000;  ///< For streams of what is gone to end by themselves.
  uint64_t full_ms = 100;      ///< How often a full sink is looked at.
};

/// Of all followers that share it.
struct FollowStats {
  uint64_t open_streams = 0;
  uint64_t opened = 0;         ///< Reads begun.
  uint64_t reconnects = 0;     ///< Reads that broke off or were refused and are tried again.
  uint64_t gaps = 0;           ///< Said in a log.
  uint64_t pauses = 0;         ///< Streams ended because too much waited for the store.
  uint64_t bytes = 0;          ///< Received.
  uint64_t kubelet_words = 0;  ///< What kubelets appended to logs and is no line.
};

/// One thread. About 2 kB, and while it reads a line in parts 36 KiB more (LifeReader).
class ContainerFollower {
 public:
  /// All that is given outlives it. `before`: what an earlier server has read. `on_quiet`, which
  /// may be empty, is called when Quiet() became true; it may not destroy the follower.
  ContainerFollower(FollowPort& port, FollowTarget target, FollowOptions options, LineSink& sink,
                    FollowStats& stats, std::optional<FollowedBefore> before,
                    std::function<void()> on_quiet);
  ~ContainerFollower();
  ContainerFollower(const ContainerFollower&) = delete;
  ContainerFollower& operator=(const ContainerFollower&) = delete;

  /// Whenever the pod's status was seen. Reads begin inside.
  void OnState(const ContainerState& state);
  /// The pod is deleted. What is under way is read to its end.
  void OnPodGone();

  /// As far as is known there is nothing more to be read: each life is complete, and none runs.
  bool Quiet() const;
  /// Something of it has come.
  bool HasRead() const { return read_any_ || point_.lines > 0; }
  /// How far it has come.
  const ResumePoint& point() const { return point_; }
  const FollowTarget& target() const { return target_; }

 private:
  /// A life that the pod's status tells of.
  struct Life {
    ContainerInstance instance;
    uint64_t restart = 0;
    bool previous = false;  ///< Read by previous=true.
    bool over = false;      ///< It has ended.
  };

  std::vector<Life> Lives() const;
  void CutOff(std::vector<Life>& lives) const;
  void Step();
  void Begin(const Life& life);
  void Open(const Life& life);
  void OnBytes(std::string_view bytes);
  void OnHalt();
  void PutRight();
  void OnEmptyRead();
  bool HasLinesOf(const Life& life) const;
  void GiveLinesTo(const Life& life);
  void OnEnd(const kube::ApiEnd& end);
  void OnComplete();
  void OnRefused(const kube::ApiEnd& end);
  void Complete();
  void LoseRest(std::string_view why);
  void SayGap(std::string_view what);
  void Rest(uint64_t delay_ms);
  void AwaitEnd(uint64_t waits);
  void Retry();
  void CloseStream();
  void TellQuiet();
  const Life* Find(const std::vector<Life>& lives) const;

  FollowPort& port_;
  const FollowTarget target_;
  const FollowOptions options_;
  LineSink& sink_;
  FollowStats& stats_;
  const std::function<void()> on_quiet_;

  ContainerState state_;
  bool pod_gone_ = false;
  ResumePoint point_;  ///< Of the life that is or was last read; no container_id: none.
  uint64_t restart_ = 0;
  /// Lines that were taken for the point's life are this one's, which is read next.
  std::optional<ResumePoint> later_;
  Life reading_;                        ///< As it was when the read under way began.
  std::unique_ptr<LifeReader> reader_;  ///< Kept behind the end: it may hold an unfinished line.
  std::unique_ptr<LifeReader> ended_reader_;  ///< The same, while a read has brought nothing yet.
  std::unique_ptr<Pending> stream_;
  std::unique_ptr<Pending> alarm_;
  bool resting_ = false;     ///< The alarm is for the next step.
  bool in_doubt_ = false;    ///< The same; a new state is waited for.
  bool read_any_ = false;    ///< Bytes have come since this was last false.
  bool clean_end_ = false;   ///< The last read of this life has ended cleanly.
  bool empty_once_ = false;  ///< A read behind the end of this life has had no line.
  bool accept_gap_ = false;  ///< The next read may begin elsewhere.
  bool refusal_said_ = false;
  bool quiet_told_ = false;
  uint64_t failures_ = 0;  ///< In a row.
};

}  // namespace tailrace
