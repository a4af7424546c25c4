// PtyInput: passes our stdin on to the command's terminal.
#pragma once

#include <thread>

namespace tailrace {

/// A thread of its own, since stdin may be anything: a terminal, a pipe, a file. At the end of
/// stdin the terminal gets its end-of-file character.
class PtyInput {
 public:
  /// Both descriptors stay the caller's and must outlive this object. `to` is non-blocking.
  PtyInput(int from, int to);
  /// Stops at once; what was not read stays unread.
  ~PtyInput();

 private:
  void Run();
  bool WriteOut(const char* bytes, size_t size);

  const int from_;
  const int to_;
  const int stop_fd_;
  std::thread thread_;  // Last: it uses the others.
};

}  // namespace tailrace
