#include "ingest/masked_split.h"

#include <algorithm>

#include "ingest/text_split.h"

namespace tailrace {

void MaskedSplit::AddWhole(EntryRun& out, Entry entry) {
  if (redactor_ == nullptr) return AddSplit(out, entry, limit_);
  const bool partial = entry.partial;
  std::string_view rest = entry.text;
  while (rest.size() > limit_) {
    const std::string_view window = rest.substr(0, limit_ + kSecretLookahead);
    const size_t size = CutLength(window, limit_);
    entry.partial = true;
    AddPiece(out, entry, window, size);
    rest.remove_prefix(size);
    entry.lost.reset();
    entry.fields = {};
  }
  entry.partial = partial;
  AddPiece(out, entry, rest, rest.size());
  carried_.clear();
  search_from_ = 0;
}

// The window is whole in every case, so what is found does not depend on what has come behind it.
void MaskedSplit::AddFront(EntryRun& out, Entry entry, std::string& pending) {
  const size_t doubt = redactor_ == nullptr ? kCutLookahead : kSecretLookahead;
  entry.partial = true;
  std::string_view rest = pending;
  while (rest.size() > limit_ + doubt) {
    const std::string_view window = rest.substr(0, limit_ + doubt);
    const size_t size = CutLength(window, limit_);
    AddPiece(out, entry, window, size);
    rest.remove_prefix(size);
  }
  pending.erase(0, pending.size() - rest.size());
}

void MaskedSplit::AddPiece(EntryRun& out, const Entry& entry, std::string_view window,
                           size_t size) {
  Entry piece = entry;
  piece.text = window.substr(0, size);
  if (redactor_ == nullptr) {
    out.Add(piece);
    return;
  }
  FindIn(window);
  if (secrets_.empty()) {
    search_from_ = 0;
    out.Add(piece);
    return;
  }
  masked_.clear();
  size_t copied = 0;
  for (const Secret& secret : secrets_) {
    if (secret.begin >= size) continue;
    const size_t end = std::min(secret.end, size);
    masked_.append(window.substr(copied, secret.begin - copied));
    AppendMask(masked_, {.begin = secret.begin, .end = end});
    copied = end;
    if (end == secret.end) redactor_->Count(1);
  }
  masked_.append(window.substr(copied, size - copied));
  piece.text = masked_;
  out.Add(piece);
  Carry(size);
}

// Of what lies behind the cut, the next search finds again only what it sees from its first word
// on; it begins behind all that is carried.
void MaskedSplit::Carry(size_t size) {
  size_t known = size;
  for (size_t before = 0; before != known;) {
    before = known;
    for (const Secret& secret : secrets_) {
      if (secret.match_begin < known) known = std::max(known, secret.end);
    }
  }
  search_from_ = known - size;
  carried_.clear();
  for (const Secret& secret : secrets_) {
    if (secret.end > size && secret.match_begin < known) {
      carried_.push_back({.begin = std::max(secret.begin, size) - size, .end = secret.end - size});
    }
  }
}

// Those carried over the cut, and what is new behind them.
void MaskedSplit::FindIn(std::string_view window) {
  secrets_.assign(carried_.begin(), carried_.end());
  const size_t from = std::min(search_from_, window.size());
  redactor_->Find(window.substr(from), found_);
  for (const Secret& secret : found_) {
    secrets_.push_back({secret.match_begin + from, secret.begin + from, secret.end + from});
  }
}

}  // namespace tailrace
