// AnswerReader: the answer to one HTTP/1.1 GET, from bytes however they are cut (RFC 9112).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::bench {

class AnswerReader {
 public:
  /// Takes some of `bytes` and removes them from its front; returns the part of the body that was
  /// among them, a view into `bytes`. To be called until `bytes` is empty.
  std::string_view Take(std::string_view& bytes);

  /// The head is complete.
  bool HasHead() const { return state_ != State::kHead; }
  /// Of the head; 0 before it is complete.
  int status() const { return status_; }
  /// Value of Content-Encoding; empty: none.
  const std::string& coding() const { return coding_; }
  /// The body is complete. One that ends with the connection never is.
  bool Complete() const { return state_ == State::kComplete; }
  /// What was wrong with the framing; empty: nothing. Then all that comes is dropped.
  const std::string& Problem() const { return problem_; }

 private:
  enum class State : uint8_t { kHead, kBody, kSize, kChunk, kChunkEnd, kTrailer, kComplete };

  void TakeHead(std::string_view& bytes);
  void ReadHead();
  void TakeSizeLine(std::string_view& bytes);
  void TakeLineEnd(std::string_view& bytes, State next);
  std::string_view TakeBody(std::string_view& bytes, State next);
  void Fail(std::string problem);

  State state_ = State::kHead;
  int status_ = 0;
  uint64_t left_ = 0;  // of the body or the chunk
  std::string line_;   // the head, and later lines that may be cut
  std::string coding_;
  std::string problem_;
};

}  // namespace tailrace::bench
