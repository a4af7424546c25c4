// What a load generator is told on its command line, as --name VALUE.
#pragma once

#include <cstdint>
#include <string>

namespace tailrace::bench {

/// What one body of a producer is.
enum class Body : uint8_t {
  kLines,    ///< Marked lines.
  kMessage,  ///< One marked text without line end: one message.
  kFramed,   ///< The bytes that a viewer gets for one entry: nothing is left to do but to send.
};

struct Options {
  uint16_t port = 0;
  int pid = 0;       ///< Whose CPU time and memory are looked at.
  std::string view;  ///< Path that viewers GET.
  std::string post;  ///< Path that producers POST to; {} is replaced by the producer's number.
  Body body = Body::kLines;
  double seconds = 1;
  uint64_t viewers = 1;
  uint64_t producers = 1;
  uint64_t lines = 1;         ///< Of a body, or of a commit.
  uint64_t text_bytes = 200;  ///< Of an entry.
  uint64_t window = 4096;     ///< Entries that the average viewer may be behind.
  uint64_t rate = 20;         ///< Entries a second.
  uint64_t warm = 0;          ///< Viewers that come before memory is looked at.
  uint64_t expect = 0;        ///< Entries that must come.
  std::string file;           ///< To write.
};

Options ParseOptions(int argc, char** argv, int first);

}  // namespace tailrace::bench
