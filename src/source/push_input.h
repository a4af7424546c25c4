// PushInput: where the lines of a push come from.
#pragma once

#include <cstdint>
#include <string>

namespace tailrace {

/// One thread.
class PushInput {
 public:
  enum class Status : uint8_t {
    kData,  ///< Something was read.
    kWait,  ///< Nothing now: ask again when Descriptor() is readable, or after kAskAgainMs.
    kEnd,
    kFailed,  ///< errno says why.
  };
  static constexpr int kAskAgainMs = 100;

  virtual ~PushInput() = default;
  /// Appends what is there to `out`. Blocks only if Descriptor() is not readable.
  virtual Status Read(std::string& out) = 0;
  /// To be polled; -1: there is none.
  virtual int Descriptor() const = 0;
};

/// A descriptor that is read until it ends. It stays the caller's.
class DescriptorInput final : public PushInput {
 public:
  explicit DescriptorInput(int fd) : fd_(fd) {}
  Status Read(std::string& out) override;
  int Descriptor() const override { return fd_; }

 private:
  const int fd_;
};

}  // namespace tailrace
