// What tailrace-load is told on its command line.
#pragma once

#include <cstdint>
#include <string>

#include "bench/load/transport.h"
#include "bench/load/viewer.h"

namespace tailrace::bench {

/// What one body of a producer is.
enum class Body : uint8_t {
  kLines,    ///< Marked lines.
  kMessage,  ///< One marked text without line end: one message.
  kFramed,   ///< The bytes that a viewer gets for one entry: nothing is left to do but to send.
};

struct Options {
  Target target;
  int pid = 0;       ///< Whose CPU time and memory are looked at; 0: nobody's.
  std::string view;  ///< Path that viewers GET; {} is replaced by a log's number.
  std::string post;  ///< Path that producers POST to; {} as well.
  Form form = Form::kTailrace;
  uint64_t from = StreamChecker::kAnywhere;
  std::string coding;
  uint64_t check_every = 1;
  uint64_t streams = 1;   ///< Of an HTTP/2 connection.
  int receive_bytes = 0;  ///< As ViewerPlan's.
  Body body = Body::kLines;
  double seconds = 1;
  double give_up_s = 120;
  uint64_t viewers = 1;
  uint64_t producers = 1;
  uint64_t mark = 0;          ///< Of the first producer.
  uint64_t logs = 1;          ///< Behind {}.
  uint64_t lines = 1;         ///< Of a body.
  uint64_t text_bytes = 200;  ///< Of an entry.
  bool requests = false;      ///< Texts are lines of a request log, which have their own size.
  uint64_t window = 4096;     ///< Entries that the average viewer may be behind.
  uint64_t rate = 20;         ///< Entries or appends a second.
  uint64_t warm = 0;          ///< Viewers that come before memory is looked at.
  uint64_t expect = 0;        ///< Entries that must come.
  std::string save;           ///< A file that gets what a viewer got.

  ViewerPlan Plan() const;
};

/// `path` with {} replaced by the number.
std::string PathOf(std::string path, size_t index);

using Mode = void (*)(const Options& options);

/// Reads the command line; prints help and what is wrong with it, and then exits.
Mode ParseCommandLine(int argc, char** argv, Options& options);

}  // namespace tailrace::bench
