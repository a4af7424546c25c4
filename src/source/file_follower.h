// FileFollower: reads a file and what is added to it, as `tail -F` does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "source/push_input.h"
#include "source/say.h"

namespace tailrace {

/// By name: when the file is renamed away and made anew, the old one is read to its end and then
/// the new one from its start. A file that is not there is waited for.
///
/// A file that was truncated is read from its start. It is known by its size, which is smaller than
/// what was read, or by its first and last bytes before that point, which are no longer the same:
/// so also one that has grown beyond it again between two looks. What was written and cut off again
/// between two looks is not seen.
class FileFollower final : public PushInput {
 public:
  FileFollower(std::string path, Say say);
  ~FileFollower() override;

  Status Read(std::string& out) override;
  int Descriptor() const override { return -1; }

 private:
  bool Open();
  bool WasReplaced() const;
  bool WasRewritten() const;
  bool Holds(const std::string& bytes, uint64_t offset) const;
  void Remember(std::string_view bytes);
  void StartOver();

  const std::string path_;
  const Say say_;
  int fd_ = -1;
  uint64_t offset_ = 0;
  std::string head_;  ///< The first bytes of the file as they were read.
  std::string tail_;  ///< The last ones before offset_.
  bool missing_said_ = false;
};

}  // namespace tailrace
