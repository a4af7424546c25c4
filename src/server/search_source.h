// SearchSource: the answer to a search, made slice by slice on the reader pool.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "search/block_scan.h"
#include "server/answer.h"
#include "server/search_load.h"
#include "store/log_store.h"

namespace tailrace {

/// The right to search, one of `limits.searches`; given back by its end.
class SearchSlot {
 public:
  /// Null: so many are under way, which is counted. `load` outlives it.
  static std::unique_ptr<SearchSlot> Take(SearchLoad& load, uint64_t limit);
  ~SearchSlot() { load_.under_way.fetch_sub(1); }
  SearchSlot(const SearchSlot&) = delete;
  SearchSlot& operator=(const SearchSlot&) = delete;

  SearchLoad& load() const { return load_; }

 private:
  explicit SearchSlot(SearchLoad& load) : load_(load) {}

  SearchLoad& load_;
};

enum class SearchForm : uint8_t {
  kJson,    ///< One object; blanks stand where a slice found nothing.
  kNdjson,  ///< A line of the log, of each match and gap, of each slice's progress, of the end.
};

struct SearchOrder {
  std::unique_ptr<const Pattern> pattern;
  EntryFilter filter;
  Position begin = 0;  ///< [begin, end) of the log is searched; not beyond its head.
  Position end = 0;
  uint64_t limit = 0;     ///< So many matches are told ...
  bool count_all = true;  ///< ... and all are counted; else the search ends there.
  SearchForm form = SearchForm::kJson;
};

/// A slice reads and looks for as long as `slice`, and a little more: until one read from the
/// store, or one entry, is done. Other readers wait for no longer. A slice that took more than
/// `slowest` of CPU time all the same ends the search: so slow is only a pattern made for it, on
/// long entries.
struct SearchPace {
  std::chrono::nanoseconds slice = std::chrono::milliseconds(10);
  std::chrono::nanoseconds slowest = std::chrono::seconds(1);
};

/// Asked by Next() for a piece, which is never empty before the end: whoever reads slowly holds
/// the search back, and who is gone is noticed by the piece of the next slice.
class SearchSource final : public BodySource {
 public:
  /// `store` outlives the source.
  SearchSource(LogStore& store, LogInfo info, SearchOrder order, std::unique_ptr<SearchSlot> slot,
               SearchPace pace = {})
      : store_(store),
        info_(std::move(info)),
        order_(std::move(order)),
        slot_(std::move(slot)),
        pace_(pace),
        scan_(*order_.pattern, order_.filter),
        next_(order_.begin) {}

  Result<std::string> Next() override;

 private:
  enum class Step : uint8_t { kGoOn, kLookAtClock, kDone };

  void RunSlice(std::string& out);
  void Finish(std::string& out);
  Step Advance(std::string& out);
  Step Scan(std::string& out);
  Step Read(std::string& out);
  void OpenItem(std::string& out, const ReadItem& item);
  void AddGap(std::string& out, Position begin, Position end, GapCause cause);
  void FlushGap(std::string& out);
  void AddMatch(std::string& out);
  void AddHead(std::string& out) const;
  void AddProgress(std::string& out) const;
  void AddEnd(std::string& out) const;
  Position Reached() const { return scanning_ ? scan_.Next() : next_; }

  LogStore& store_;
  LogInfo info_;
  SearchOrder order_;
  std::unique_ptr<SearchSlot> slot_;
  SearchPace pace_;
  BlockScan scan_;
  Position next_;                // behind the block or gap that is done
  std::vector<ReadItem> items_;  // of the last read
  size_t item_ = 0;              // the first of them that is not done
  bool scanning_ = false;        // items_[item_] is open in scan_
  std::optional<ReadItem> gap_;  // until it is known where it ends
  std::string gaps_;             // kJson: they stand behind the matches
  uint64_t total_ = 0;
  uint64_t told_ = 0;
  std::string cause_;  // why not all was searched
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace tailrace
