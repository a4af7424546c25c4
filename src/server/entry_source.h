// EntrySource: an answer's body made of a log's entries, read block by block.
#pragma once

#include <string>

#include "server/answer.h"
#include "store/log_store.h"

namespace tailrace {

/// What stands for positions that can't be had where a text is asked for, as in
/// "[entries 3 to 9 are lost: damaged]".
std::string LostText(Position begin, Position end, GapCause cause);

/// Runs on the reader pool. Holds one block's worth of output.
class EntrySource : public BodySource {
 public:
  /// Entries [begin, end) of the log that `info` describes. `store` outlives the source.
  EntrySource(LogStore& store, LogInfo info, Position begin, Position end)
      : store_(store), info_(std::move(info)), next_(begin), end_(end) {}

  Result<std::string> Next() final;

 protected:
  const LogInfo& info() const { return info_; }
  /// The size in a raw download of all before the first entry: a gap at the start can be told from
  /// it how large it is.
  void SetTextOffset(uint64_t offset) { text_offset_ = offset; }
  /// No more entries are wanted.
  void Stop() { end_ = 0; }
  virtual void Begin(std::string& /*out*/) {}
  /// Entries from `next` on that need not be read since they are kept as output. Appends them and
  /// says where they end; nothing: they must be read.
  virtual std::optional<Position> TakeKept(std::string& /*out*/, Position /*next*/) {
    return std::nullopt;
  }
  /// `output` is what Add made of [begin, end), which are whole blocks.
  virtual void KeepBlocks(Position /*begin*/, Position /*end*/, std::string_view /*output*/) {}
  virtual void Add(std::string& out, Position n, const Entry& entry) = 0;
  /// Positions that can't be had; `text_bytes` is their size in a raw download, if it is known. An
  /// error ends the answer.
  virtual Result<void> AddGap(std::string& out, const ReadItem& gap,
                              std::optional<uint64_t> text_bytes) = 0;
  virtual void End(std::string& /*out*/) {}

 private:
  Result<void> ReadSome(std::string& out);
  Result<void> AddItem(std::string& out, const ReadItem& item);
  Result<void> FlushGap(std::string& out, std::optional<uint64_t> text_offset_behind);

  LogStore& store_;
  LogInfo info_;
  Position next_;
  Position end_;
  std::optional<ReadItem> gap_;          // waits for the chunk behind it, which tells its size
  std::optional<uint64_t> text_offset_;  // raw size of all before next_ or gap_, if known
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace tailrace
