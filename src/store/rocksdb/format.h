// The stored format of keys and values: docs/store-format.md in code. Pure functions of bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/log_info.h"
#include "store/log_state.h"

namespace tailrace::rocks {

/// Of the whole store; in the file FORMAT. Another number is refused.
inline constexpr uint64_t kFormatVersion = 2;
/// Has no rows of small appends; opened as if it were the present one, which it is from then on.
inline constexpr uint64_t kFormatWithoutRows = 1;
/// First byte of every value; a value that begins otherwise counts as damaged.
inline constexpr uint8_t kValueVersion = 1;

/// The only key of Family::kCommits: the last commit's CommitRecord.
inline constexpr std::string_view kCommitKey = "commit";

// Keys. All numbers are big-endian, so they sort as numbers.
inline constexpr size_t kLogPrefixBytes = 8;
inline constexpr size_t kBlockKeyBytes = 16;
std::string BlockKey(uint64_t log_number, Position begin);
/// Before all keys of a log's blocks and producers, behind those of the log with the number before.
std::string LogPrefix(uint64_t log_number);
[[nodiscard]] bool ParseBlockKey(std::string_view key, uint64_t& log_number, Position& begin);
/// Sorts newest (highest number) first.
std::string ListKey(uint64_t log_number);
[[nodiscard]] bool ParseListKey(std::string_view key, uint64_t& log_number);
std::string ProducerKey(uint64_t log_number, std::string_view name);

/// What stands before a block's entries, and alone in the index.
struct BlockHeader {
  bool lost = false;  ///< The entries were lost; only their positions are known.
  uint64_t count = 0;
  uint64_t text_offset = 0;     ///< Raw-download size of all entries before the block.
  uint64_t text_bytes = 0;      ///< Of the block's entries.
  uint64_t encoded_offset = 0;  ///< Encoded size of all entries before the block.
  uint64_t encoded_bytes = 0;
  TimeNs time = 0;  ///< Of its commit.
};
void AppendBlockHeader(std::string& out, const BlockHeader& header);
/// Takes a header off the front of `in`. False: not one.
[[nodiscard]] bool TakeBlockHeader(std::string_view& in, BlockHeader& header);

/// All of LogState but what the last block says (position, *_end).
std::string EncodeLog(const LogState& state);
/// position, text_end and encoded_end are set as if there were no entry behind `first`.
[[nodiscard]] bool DecodeLog(std::string_view value, LogState& state);

void AppendTime(std::string& out, TimeNs time);
[[nodiscard]] bool TakeTime(std::string_view& in, TimeNs& time);

void AppendOutcome(std::string& out, const Outcome& outcome);
[[nodiscard]] bool TakeOutcome(std::string_view& in, Outcome& outcome);

/// Of a log's memo: that of the producer without a name.
std::string MemoKey(uint64_t log_number);
std::string EncodeMemo(const Memo& memo);
[[nodiscard]] bool DecodeMemo(std::string_view value, Memo& memo);

std::string EncodeCount(uint64_t count);
[[nodiscard]] bool DecodeCount(std::string_view value, uint64_t& count);

}  // namespace tailrace::rocks
