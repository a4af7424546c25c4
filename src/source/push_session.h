// PushSession: takes lines from an input through a spool to the server.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "source/delivery_thread.h"
#include "source/line_assembler.h"
#include "source/push_input.h"
#include "source/recorder.h"
#include "source/spool_feeder.h"

namespace tailrace {

struct PushOptions {
  std::optional<Outcome>
      end;  ///< How to end the log at the end of the input; absent: leave it open.
  int64_t wait_ms = 300'000;  ///< For delivery, after the input has ended.
};

struct PushResult {
  bool delivered = false;
  bool interrupted = false;  ///< By a signal, in the middle of the input.
  std::string problem;       ///< Why reading or delivery gave up; empty: out of time or stopped.
};

/// One process runs at most one: it takes the signals INT, TERM and HUP. The first ends the input
/// (then an outcome to be told becomes cancelled), one more stops waiting. A full spool makes the
/// input wait: unlike a command's output, it can.
class PushSession {
 public:
  PushSession(PushOptions options, Spool& spool, LogTransport& transport, Random& random, Say say);
  ~PushSession();
  PushSession(const PushSession&) = delete;
  PushSession& operator=(const PushSession&) = delete;

  /// `input` null: only sends what the spool holds, which is finished.
  PushResult Run(PushInput* input);

 private:
  void ReadInput(PushInput& input);
  bool ReadOnce(PushInput& input);
  void Wait(int input_fd, int64_t timeout_ms);
  void TakeSignals();
  bool DeliveryEnded() const { return delivery_->GetState() != DeliveryThread::State::kRunning; }
  Moment Now() const { return {Clock::System().Now(), SteadyMs()}; }

  PushOptions options_;
  Spool& spool_;
  LogTransport& transport_;
  Random& random_;
  const Say say_;
  SpoolFeeder feeder_;
  Recorder recorder_;
  LineAssembler assembler_;
  int signal_fd_ = -1;
  int wake_fd_ = -1;
  int signals_ = 0;
  std::string buffer_;
  bool more_ = false;  ///< The last read brought something.
  std::string problem_;
  std::optional<DeliveryThread> delivery_;
};

}  // namespace tailrace
