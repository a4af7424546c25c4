// Link: a connection that viewers' streams come on, in one of the protocols.
#pragma once

#include <memory>
#include <vector>

#include "bench/load/transport.h"
#include "bench/load/viewer.h"

namespace tailrace::bench {

class Link {
 public:
  /// Takes `fd` over, which may still be connecting, and the viewers: one, or under HTTP/2 as many
  /// as shall share it. The tally outlives it.
  static std::unique_ptr<Link> Make(int fd, const Target& target,
                                    std::vector<std::unique_ptr<Viewer>> viewers, Tally& tally);
  virtual ~Link() = default;

  int fd() const { return transport_.fd(); }
  const std::vector<std::unique_ptr<Viewer>>& viewers() const { return viewers_; }
  /// The socket is ready for something: sends what is to be sent and reads what has come, into
  /// `buffer`. False: it is closed, and its viewers are over.
  bool OnReady(char* buffer, size_t size);
  /// Something waits for the socket to take it.
  virtual bool WantsToSend() const = 0;

 protected:
  Link(int fd, const Target& target, std::vector<std::unique_ptr<Viewer>> viewers, Tally& tally)
      : transport_(fd, target), viewers_(std::move(viewers)), tally_(tally) {}

  /// Sends what can be.
  virtual void Flush() = 0;
  virtual void Take(std::string_view bytes) = 0;
  virtual void OnClosed() = 0;
  /// How much of it went out; a broken connection ends the program.
  size_t Send(std::string_view bytes);

  Transport transport_;
  std::vector<std::unique_ptr<Viewer>> viewers_;

 private:
  Tally& tally_;
};

/// http2_link.cc
std::unique_ptr<Link> MakeHttp2Link(int fd, const Target& target,
                                    std::vector<std::unique_ptr<Viewer>> viewers, Tally& tally);

}  // namespace tailrace::bench
