// FileFollower: reads a file and what is added to it, as `tail -F` does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "source/push_input.h"

namespace tailrace {

/// By name: when the file is renamed away and made anew, the old one is read to its end and then
/// the new one from its start. A file that became shorter was truncated and is read from its start.
/// A file that is not there is waited for. What is overwritten between two looks is not seen.
class FileFollower final : public PushInput {
 public:
  FileFollower(std::string path, std::function<void(const std::string&)> say);
  ~FileFollower() override;

  Status Read(std::string& out) override;
  int Descriptor() const override { return -1; }

 private:
  bool Open();
  bool WasReplaced() const;

  const std::string path_;
  const std::function<void(const std::string&)> say_;
  int fd_ = -1;
  uint64_t offset_ = 0;
  bool missing_said_ = false;
};

}  // namespace tailrace
