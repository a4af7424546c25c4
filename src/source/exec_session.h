// ExecSession: runs a command, passes its output on, and puts it line by line into a spool from
// which a thread of its own delivers it.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "source/child_process.h"
#include "source/command_outcome.h"
#include "source/delivery_thread.h"
#include "source/line_assembler.h"
#include "source/pass_on.h"
#include "source/pty_input.h"
#include "source/recorder.h"
#include "source/spool_feeder.h"
#include "source/spool_queue.h"
#include "source/terminal_mode.h"

struct signalfd_siginfo;

namespace tailrace {

struct ExecOptions {
  std::vector<std::string> command;
  bool pty = false;
  int64_t wait_ms = 300'000;         ///< For delivery, after the command has ended.
  int64_t linger_ms = 2'000;         ///< For output of processes that the command left behind.
  size_t queue_bytes = 16 << 20;     ///< Output that may wait in memory for the spool's disk.
  int64_t disk_patience_ms = 5'000;  ///< A disk that has not moved for so long hangs.
  int64_t disk_leave_ms = 2'000;     ///< How long a hanging disk may keep us at the very end.
};

struct ExecResult {
  int exit_code = 0;
  bool delivered = false;
  std::string problem;  ///< Why delivery gave up; empty: it ran out of time or was stopped.
  uint64_t lines = 0;   ///< Entries that the output was turned into.
  Outcome outcome;      ///< Of the log.
  /// The spool's disk hangs: neither the session nor the spool can be destroyed or asked anything
  /// without hanging with it. Leave by _exit.
  bool stuck = false;
};

/// One process runs at most one: it takes the signals INT, TERM, HUP, QUIT, USR1, USR2, WINCH and
/// CHLD. The loop's thread waits neither for the server nor for the spool's disk. Output that comes
/// faster than the disk takes it is held back as by a slow pipe; when the disk has not moved for
/// some seconds, lines are lost instead, and the log says so.
///
/// Signals that a process sent to us are sent on to the command. Those of the terminal are not:
/// they have reached the command too, which is in our process group. With a pty all are sent on, to
/// the command's process group. Once the command has ended, INT, TERM, HUP or QUIT stop the
/// waiting.
class ExecSession {
 public:
  ExecSession(ExecOptions options, Spool& spool, LogTransport& transport, Random& random, Say say);
  ~ExecSession();
  ExecSession(const ExecSession&) = delete;
  ExecSession& operator=(const ExecSession&) = delete;

  ExecResult Run();

 private:
  // One output of the command. Lives as long as the session.
  struct Output {
    Output(ExecSession& owner, std::string_view name, int from_fd, int to_fd, PassOn& writer);
    ExecSession& session;
    const std::string_view stream;
    const int fd;
    const int target;
    PassOn& pass_on;
    LineAssembler assembler;
    uv_poll_t poll{};
    bool reading = false;
    bool at_end = false;
  };
  enum class Phase : uint8_t { kRunning, kLingering, kDelivering, kOver };

  void TakeSignals();
  void StartCommand();
  void StartThreads();
  void StartReading(const ChildProcess& child);
  void AddOutput(std::string_view stream, int from, int to, PassOn& pass_on);
  void SetReading(Output& output, bool reading);
  size_t ReadOutput(Output& output);
  void ReadWhatIsThere(Output& output);
  void OnTurn();
  void OnLineTimer();
  void OnSignals();
  void OnSignal(const signalfd_siginfo& info);
  void SendOn(int signal_number, bool from_terminal);
  void Reap();
  void OnPatienceOver();
  void OnWaitOver();
  void EndCommand();
  void CheckDelivery();
  void CloseHandles();
  Moment Now() const { return {Clock::System().Now(), SteadyMs()}; }
  uv_handle_t* AsHandle(auto& handle) { return reinterpret_cast<uv_handle_t*>(&handle); }

  const ExecOptions options_;
  Spool& spool_;
  LogTransport& transport_;
  Random& random_;
  const Say say_;
  SpoolFeeder feeder_;
  std::optional<SpoolQueue> queue_;
  std::optional<Recorder> recorder_;
  StallWatch stall_watch_;
  Phase phase_ = Phase::kRunning;
  sigset_t mask_before_{};
  int signal_fd_ = -1;
  pid_t pid_ = -1;
  int pty_fd_ = -1;
  std::set<int> signals_seen_;
  std::optional<CommandEnd> end_;
  bool failure_said_ = false;
  bool wait_said_ = false;

  uv_loop_t loop_{};
  uv_poll_t signal_poll_{};
  uv_timer_t line_timer_{};
  uv_timer_t patience_{};  ///< Lingering, then waiting for delivery.
  uv_async_t wake_{};      ///< From PassOn (room) and the delivery thread (end).

  std::optional<RawTerminal> raw_terminal_;
  std::vector<std::unique_ptr<PassOn>> pass_ons_;
  std::vector<std::unique_ptr<Output>> outputs_;
  std::optional<PtyInput> pty_input_;
  std::optional<DeliveryThread> delivery_;
  std::string buffer_;
};

}  // namespace tailrace
