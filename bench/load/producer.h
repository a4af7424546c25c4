// Producer: one connection that sends marked entries, one body after the other.
#pragma once

#include <string>

#include "bench/load/exchange.h"
#include "bench/load/options.h"

namespace tailrace::bench {

class Producer {
 public:
  /// `mark`: which producer of its log it is.
  Producer(const Options& options, size_t index, size_t mark);

  int fd() const { return exchange_.fd(); }
  bool Busy() const { return exchange_.Busy(); }
  /// Sends a body with so many entries.
  void Send(uint64_t entries);
  /// Makes the body of the next Send, which must be of so many entries, while the last one is on
  /// its way.
  void Prepare(uint64_t entries);
  /// One chunked body that goes on: its head, then a chunk with so many entries whenever Sent() is
  /// true, then its end, which is answered.
  void StartUpload();
  void Upload(uint64_t entries);
  void EndUpload();
  bool Sent() const { return exchange_.Sent(); }
  /// The same to another log, whose next mark is `sequence`; counts it on.
  void SendTo(const std::string& path, uint64_t& sequence, uint64_t entries);
  /// Creates an empty log at this path.
  void Create(const std::string& path);
  /// True: the body was answered.
  bool Advance() { return exchange_.Advance(); }
  /// Entries of all that Send and Upload sent, answered or not.
  uint64_t sent() const { return sent_; }
  /// Of the last answer; dies if it says none.
  uint64_t AnsweredPosition() const;

 private:
  void AppendText(std::string& out, uint64_t sequence) const;
  void MakeBody(uint64_t& sequence, uint64_t entries);
  void Go();

  Body body_kind_;
  size_t text_bytes_;
  bool requests_;
  size_t mark_;
  std::string path_;
  std::string body_;
  std::string request_;
  Exchange exchange_;
  uint64_t prepared_ = 0;  // entries in request_
  uint64_t sent_ = 0;
};

}  // namespace tailrace::bench
