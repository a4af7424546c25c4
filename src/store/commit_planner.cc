#include "store/commit_planner.h"

#include "base/check.h"
#include "store/block_builder.h"

namespace tailrace {
namespace {

constexpr size_t kIncarnationLength = 8;
constexpr uint64_t kLogCacheBytes = 32 << 20;
/// What a larger commit needed is given back.
constexpr size_t kKeptDrafts = 4096;

std::unexpected<Error> NoSuchLog(const LogKey& key) {
  return Fail(ErrorCode::kNotFound, "there is no log " + key.Path());
}

}  // namespace

CommitPlanner::CommitPlanner(CommitBackend& backend, const StoreOptions& options, Random& random,
                             uint64_t next_number, uint64_t logs)
    : backend_(backend), options_(options), random_(random), logs_(kLogCacheBytes) {
  plan_.next_number = next_number;
  plan_.logs = logs;
}

void CommitPlanner::Begin(size_t requests) {
  CHECK(plan_.drafts.empty() && answers_.empty());
  if (plan_.drafts.capacity() > kKeptDrafts) {
    plan_.drafts = {};
    changed_ = {};
    answers_ = {};
  }
  plan_.drafts.reserve(requests);  // a draft stays where it is
  plan_.time = options_.clock->Now();
  entries_ = 0;
  entry_bytes_ = 0;
  retired_ = 0;
  logs_before_ = plan_.logs;
  logs_.Trim();
}

void CommitPlanner::BeginAfresh(size_t requests, uint64_t next_number) {
  Begin(requests);
  logs_.Clear();
  plan_.next_number = next_number;
}

bool CommitPlanner::Add(StoreRequest& request) {
  const LogKey& key = std::visit([](auto& r) -> const LogKey& { return r.key; }, request);
  const auto* retire = std::get_if<RetireRequest>(&request);
  const bool removes =
      std::holds_alternative<RemoveRequest>(request) || (retire != nullptr && retire->whole);
  CachedLog* known = logs_.Find(key);
  const LogDraft* draft = known != nullptr ? known->draft : nullptr;
  if (draft != nullptr && (removes || draft->removed)) return false;
  std::visit([this, known](auto& r) { Plan(r, known); }, request);
  return true;
}

template <typename T>
void CommitPlanner::Keep(std::function<void(Result<T>)> done, Result<T> answer) {
  answers_.emplace_back(std::function<void(const Error*)>(
      [done = std::move(done), answer = std::move(answer)](const Error* failure) mutable {
        if (!done) return;
        if (failure != nullptr) {
          done(Fail(*failure));
        } else {
          done(std::move(answer));
        }
      }));
}

// There are many of these, so they are kept without memory of their own.
void CommitPlanner::Plan(AppendRequest& request, CachedLog* known) {
  Result<AppendAnswer> answer = DoAppend(request, known);
  answers_.emplace_back(AppendDone{std::move(request.done), std::move(answer)});
}

void CommitPlanner::Plan(CreateRequest& request, CachedLog* known) {
  Keep(std::move(request.done), DoCreate(request, known));
}

void CommitPlanner::Plan(EndRequest& request, CachedLog* known) {
  Keep(std::move(request.done), DoEnd(request, known));
}

void CommitPlanner::Plan(RemoveRequest& request, CachedLog* known) {
  Keep(std::move(request.done), DoRemove(request.key, known));
}

void CommitPlanner::Plan(RetireRequest& request, CachedLog* known) {
  Keep(std::move(request.done), DoRetire(request, known));
}

Result<CachedLog*> CommitPlanner::Find(const LogKey& key, CachedLog* known) {
  if (known != nullptr) return known;
  auto loaded = backend_.LoadLog(key);
  if (!loaded) return Fail(std::move(loaded.error()));
  if (!*loaded) return nullptr;
  return &logs_.Add(std::move(**loaded));
}

LogDraft& CommitPlanner::Change(CachedLog& log) {
  if (log.draft != nullptr) return *log.draft;
  LogDraft& draft = plan_.drafts.emplace_back();
  const LogState& state = log.state;
  draft.before = LogBefore{state.info.first, state.encoded_first, state.encoded_end};
  draft.state = std::move(log.state);
  log.draft = &draft;
  changed_.push_back(&log);
  return draft;
}

LogDraft& CommitPlanner::NewLog(const LogKey& key) {
  LogState state;
  state.info.key = key;
  CachedLog& log = logs_.Add(state);
  LogDraft& draft = plan_.drafts.emplace_back();
  draft.state = std::move(state);
  draft.state.info.number = plan_.next_number++;
  draft.state.info.incarnation = random_.Name(kIncarnationLength);
  draft.state.info.created = plan_.time;
  draft.state.info.updated = plan_.time;
  draft.record = true;
  ++plan_.logs;
  log.draft = &draft;
  changed_.push_back(&log);
  return draft;
}

Result<std::optional<uint64_t>> CommitPlanner::ProducerCount(const CachedLog& log,
                                                             const std::string& name) {
  if (log.draft != nullptr) {
    const auto& counts = log.draft->producers;
    if (const auto count = counts.find(name); count != counts.end()) return count->second;
    if (!log.draft->before) return std::nullopt;
  }
  if (log.Now().producers == 0) return std::nullopt;
  return backend_.LoadProducer(log.Now(), name);
}

Result<AppendAnswer> CommitPlanner::DoAppend(AppendRequest& request, CachedLog* known) {
  const auto found = Find(request.key, known);
  if (!found) return Fail(found.error());
  CachedLog* log = *found;
  std::optional<uint64_t> count;
  if (log != nullptr && request.producer) {
    auto counted = ProducerCount(*log, request.producer->name);
    if (!counted) return Fail(std::move(counted.error()));
    count = *counted;
  }
  const auto decision = DecideAppend(log != nullptr ? &log->Now() : nullptr, count, request);
  if (!decision) return Fail(decision.error());
  const uint64_t stored = request.run.count;
  if (log != nullptr && decision->add == 0 && !decision->end) {
    const LogInfo& info = log->Now().info;
    return AppendAnswer{info.incarnation, info.position, stored};
  }
  LogDraft& draft = log == nullptr ? NewLog(request.key) : Change(*log);
  if (decision->add > 0) Store(draft, request, *decision, request.producer && !count);
  if (decision->end) EndLog(draft, *request.end);
  return AppendAnswer{draft.state.info.incarnation, draft.state.info.position, stored};
}

void CommitPlanner::Store(LogDraft& draft, AppendRequest& request, const AppendDecision& decision,
                          bool new_producer) {
  EntryRun& run = request.run;
  if (decision.skip > 0) DropEntries(run, decision.skip);
  LogState& state = draft.state;
  const uint64_t text_bytes = run.text_bytes;
  const uint64_t encoded_bytes = run.encoded.size();
  AppendRun(draft.blocks, std::move(run), state.info.position, state.text_end,
            options_.block_bytes);
  state.info.position += decision.add;
  state.info.bytes += text_bytes;
  state.text_end += text_bytes;
  state.encoded_end += encoded_bytes;
  state.Touch(plan_.time);
  entries_ += decision.add;
  entry_bytes_ += encoded_bytes;
  if (request.memo) {
    draft.memo = Memo{.at = state.info.position, .bytes = std::move(*request.memo)};
    state.memo_at = state.info.position;
    draft.record = true;
  }
  if (!request.producer) return;
  draft.producers[request.producer->name] =
      request.producer->sequence + decision.skip + decision.add;
  if (new_producer) {
    ++state.producers;
    draft.record = true;
  }
}

void CommitPlanner::EndLog(LogDraft& draft, const Outcome& outcome) {
  draft.state.Touch(plan_.time);
  draft.state.info.outcome = outcome;
  draft.state.info.ended = draft.state.info.updated;
  draft.ended = true;
  draft.record = true;
}

Result<CreateRequest::Answer> CommitPlanner::DoCreate(const CreateRequest& request,
                                                      CachedLog* known) {
  const auto found = Find(request.key, known);
  if (!found) return Fail(found.error());
  const bool created = *found == nullptr;
  const LogInfo* const info = created ? nullptr : &(*found)->Now().info;
  if (!created && request.only_if_new) return CreateRequest::Answer{*info, false};
  Result<NewFacts> facts = DecideFacts(info, request);
  if (!facts) return Fail(std::move(facts.error()));
  const bool same = !created && (!facts->title || *facts->title == info->title) &&
                    (!facts->labels || *facts->labels == info->labels);
  if (same) return CreateRequest::Answer{*info, false};
  LogDraft& draft = created ? NewLog(request.key) : Change(**found);
  if (facts->title) draft.state.info.title = std::move(*facts->title);
  if (facts->labels) draft.state.info.labels = std::move(*facts->labels);
  draft.state.Touch(plan_.time);
  draft.record = true;
  return CreateRequest::Answer{draft.state.info, created};
}

Result<LogInfo> CommitPlanner::DoEnd(const EndRequest& request, CachedLog* known) {
  const auto found = Find(request.key, known);
  if (!found) return Fail(found.error());
  if (*found == nullptr) return NoSuchLog(request.key);
  const LogInfo& info = (*found)->Now().info;
  const auto ends = DecideEnd(info, request.outcome);
  if (!ends) return Fail(ends.error());
  if (!*ends) return info;
  if (auto ok = CheckOpenToAll(info); !ok) return Fail(std::move(ok.error()));
  LogDraft& draft = Change(**found);
  EndLog(draft, request.outcome);
  return draft.state.info;
}

Result<LogInfo> CommitPlanner::DoRemove(const LogKey& key, CachedLog* known) {
  const auto found = Find(key, known);
  if (!found) return Fail(found.error());
  if (*found == nullptr) return NoSuchLog(key);
  LogDraft& draft = Change(**found);
  draft.removed = true;
  --plan_.logs;
  return draft.state.info;
}

Result<LogInfo> CommitPlanner::DoRetire(const RetireRequest& request, CachedLog* known) {
  const auto found = Find(request.key, known);
  if (!found) return Fail(found.error());
  CachedLog* log = *found;
  if (log == nullptr || log->Now().info.number != request.number) return NoSuchLog(request.key);
  const LogInfo info = log->Now().info;
  if (request.whole) {
    if (!info.HasEnded()) return info;
    retired_ += info.position - info.first;
    return DoRemove(request.key, log);
  }
  if (request.first <= info.first || request.first > log->Now().CutLimit()) return info;
  CHECK(request.first <= info.position);
  // Small blocks may have been joined since they were looked at: next time.
  const auto border = backend_.IsBorder(log->Now(), request.first);
  if (!border) return Fail(border.error());
  if (!*border) return info;
  LogDraft& draft = Change(*log);
  LogState& state = draft.state;
  retired_ += request.first - state.info.first;
  state.info.first = request.first;
  state.info.bytes = state.text_end - request.text_first;
  state.encoded_first = request.encoded_first;
  draft.record = true;
  return state.info;
}

const CommitPlan& CommitPlanner::Finish() {
  for (LogDraft& draft : plan_.drafts) {
    draft.chunks.reserve(draft.blocks.size());
    for (Chunk& block : draft.blocks) {
      draft.chunks.push_back(std::make_shared<const Chunk>(std::move(block)));
    }
    draft.blocks.clear();
  }
  return plan_;
}

std::vector<Commit> CommitPlanner::TakeCommits() {
  std::vector<Commit> commits;
  commits.reserve(plan_.drafts.size());
  for (LogDraft& draft : plan_.drafts) {
    Commit& commit = commits.emplace_back();
    commit.kind = draft.removed ? Commit::Kind::kRemoved : Commit::Kind::kChanged;
    commit.created = draft.Created();
    commit.ended = draft.ended;
    commit.chunks = std::move(draft.chunks);
    commit.info = std::make_shared<const LogInfo>(draft.state.info);
  }
  return commits;
}

void CommitPlanner::Answer(const Error* failure) {
  KeepStates(failure == nullptr);
  for (Done& kept : answers_) {
    auto* append = std::get_if<AppendDone>(&kept);
    if (append == nullptr) {
      std::get<1>(kept)(failure);
    } else if (append->done) {
      append->done(failure == nullptr ? std::move(append->answer) : Fail(*failure));
    }
  }
  answers_.clear();
  plan_.drafts.clear();  // a quiet store keeps nobody's entries in memory
}

void CommitPlanner::Forget() {
  KeepStates(false);
  answers_.clear();
  plan_.drafts.clear();
  plan_.logs = logs_before_;
}

void CommitPlanner::KeepStates(bool written) {
  for (CachedLog* log : changed_) {
    LogDraft& draft = *log->draft;
    if (!written || draft.removed) {
      logs_.Erase(draft.state.info.key);
    } else {
      log->state = std::move(draft.state);
      log->draft = nullptr;
    }
  }
  changed_.clear();
}

}  // namespace tailrace
