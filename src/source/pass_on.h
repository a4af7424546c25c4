// PassOn: writes the command's output to where it would have gone without us, unchanged, on a
// thread of its own, because a terminal or a pipe may take its time.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tailrace {

class PassOn {
 public:
  /// `on_room`: called on the thread when Full() has become false.
  explicit PassOn(std::function<void()> on_room);
  /// Writes what is left and joins.
  ~PassOn();

  /// In order, also between different descriptors. A descriptor whose reader is gone (EPIPE) or
  /// that fails otherwise takes nothing more; that is not the command's affair.
  void Write(int fd, std::string_view bytes);
  /// The same for the first `size` bytes of `bytes`, which it takes without copying them if they
  /// are many. Then it leaves another string of the same size, whose bytes mean nothing.
  void Take(int fd, std::string& bytes, size_t size);
  /// More than kLimitBytes wait: the command has to wait too, as it would without us.
  bool Full() const;

  static constexpr size_t kLimitBytes = 1 << 20;

 private:
  struct Piece {
    int fd;
    std::string bytes;
    size_t size;  ///< What is behind it means nothing.
    bool taken;
  };
  void Run();
  void WriteOut(const Piece& piece);

  const std::function<void()> on_room_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Piece> waiting_;
  std::vector<std::string> spare_;  ///< Memory of pieces that were taken and written.
  size_t waiting_bytes_ = 0;        ///< Also those being written.
  bool was_full_ = false;
  bool stopping_ = false;
  std::vector<int> broken_;  ///< The thread's own.
  std::thread thread_;       // Last: it uses the others.
};

/// Whether both are the same file, terminal or pipe, so that their order can be seen.
bool SameTarget(int fd_a, int fd_b);

}  // namespace tailrace
