// Viewer: what one stream brings, checked; and what all streams of a process come to.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/body_decoder.h"
#include "bench/load/stream_checker.h"

namespace tailrace::bench {

struct ViewerPlan {
  std::string path;           ///< {} is replaced by the number of the viewer's log.
  std::string accept_coding;  ///< Value of Accept-Encoding; empty: none is sent.
  std::string last_event_id;  ///< Empty: none is sent.
  Form form = Form::kTailrace;
  uint64_t from = StreamChecker::kAnywhere;
  uint64_t check_every = 1;   ///< Every so manieth viewer is checked; 0: none.
  uint64_t streams = 1;       ///< On each connection, under HTTP/2.
  int receive_bytes = 0;      ///< SO_RCVBUF of each connection; 0: TCP finds out what it needs.
  bool may_end = false;       ///< Otherwise a stream that ends ends the program.
  std::FILE* save = nullptr;  ///< Gets the decoded body (of one viewer). Borrowed.

  bool operator==(const ViewerPlan&) const = default;
};

/// Sums over all viewers.
struct Tally {
  uint64_t entries = 0;  ///< Of checked viewers.
  uint64_t bytes = 0;    ///< Read from sockets, heads and framing included.
  uint64_t opened = 0;   ///< Got the answer's head.
  uint64_t ended = 0;
  const std::vector<uint64_t>* due_ns = nullptr;  ///< When entry n of the log was due; may grow.
  std::vector<uint64_t> latencies_ns;             ///< If there is `due_ns`.
};

class Viewer {
 public:
  /// All outlive it. `log`: which one of a path with {}.
  Viewer(size_t number, size_t log, const ViewerPlan& plan, Tally& tally);

  void OnHead(int status, const std::string& coding);
  void OnBody(std::string_view bytes);
  /// The stream is over: `whole`, as its protocol says it.
  void OnEnd(bool whole);

  /// Of the request.
  std::string Path() const;
  const ViewerPlan& plan() const { return plan_; }
  size_t log() const { return log_; }
  bool checked() const { return plan_.check_every > 0 && number_ % plan_.check_every == 0; }
  bool over() const { return over_; }
  const StreamChecker& checker() const { return checker_; }
  /// Ends the program: this viewer met something that must not be.
  [[noreturn]] void Die(const std::string& problem) const;

 private:
  void Check(std::string_view plain);

  const ViewerPlan& plan_;
  Tally& tally_;
  const uint32_t number_;
  const uint32_t log_;
  bool over_ = false;
  StreamChecker checker_;
  std::unique_ptr<BodyDecoder> decoder_;
};

}  // namespace tailrace::bench
