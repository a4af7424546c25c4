#include "store/commit_planner.h"

#include "base/check.h"
#include "store/block_builder.h"

namespace tailrace {
namespace {

constexpr size_t kIncarnationLength = 8;

std::unexpected<Error> NoSuchLog(const LogKey& key) {
  return Fail(ErrorCode::kNotFound, "there is no log " + key.Path());
}

}  // namespace

CommitPlanner::CommitPlanner(CommitBackend& backend, const StoreOptions& options, Random& random,
                             uint64_t next_number, uint64_t logs)
    : backend_(backend), options_(options), random_(random) {
  plan_.time = options.clock->Now();
  plan_.next_number = next_number;
  plan_.logs = logs;
}

bool CommitPlanner::Add(StoreRequest& request) {
  const LogKey& key = std::visit([](auto& r) -> const LogKey& { return r.key; }, request);
  const auto* retire = std::get_if<RetireRequest>(&request);
  const bool removes =
      std::holds_alternative<RemoveRequest>(request) || (retire != nullptr && retire->whole);
  const auto draft = drafts_.find(key);
  if (draft != drafts_.end() && (removes || draft->second->removed)) return false;
  std::visit([this](auto& r) { Plan(r); }, request);
  return true;
}

template <typename T>
void CommitPlanner::Keep(std::function<void(Result<T>)> done, Result<T> answer) {
  answers_.push_back(
      [done = std::move(done), answer = std::move(answer)](const Error* failure) mutable {
        if (!done) return;
        if (failure != nullptr) {
          done(Fail(*failure));
        } else {
          done(std::move(answer));
        }
      });
}

void CommitPlanner::Plan(AppendRequest& request) {
  Result<AppendAnswer> answer = DoAppend(request);
  Keep(std::move(request.done), std::move(answer));
}

void CommitPlanner::Plan(CreateRequest& request) {
  Keep(std::move(request.done), DoCreate(request));
}

void CommitPlanner::Plan(EndRequest& request) {
  Keep(std::move(request.done), DoEnd(request));
}

void CommitPlanner::Plan(RemoveRequest& request) {
  Keep(std::move(request.done), DoRemove(request.key));
}

void CommitPlanner::Plan(RetireRequest& request) {
  Keep(std::move(request.done), DoRetire(request));
}

Result<const LogState*> CommitPlanner::Find(const LogKey& key) {
  if (const auto draft = drafts_.find(key); draft != drafts_.end()) return &draft->second->state;
  if (const auto seen = seen_.find(key); seen != seen_.end()) return &seen->second;
  auto loaded = backend_.LoadLog(key);
  if (!loaded) return Fail(std::move(loaded.error()));
  if (!*loaded) return nullptr;
  return &seen_.emplace(key, std::move(**loaded)).first->second;
}

LogDraft& CommitPlanner::Change(const LogKey& key) {
  if (const auto draft = drafts_.find(key); draft != drafts_.end()) return *draft->second;
  const auto seen = seen_.find(key);
  CHECK(seen != seen_.end());
  LogDraft& draft = plan_.drafts.emplace_back();
  draft.before = std::move(seen->second);
  draft.state = *draft.before;
  seen_.erase(seen);
  drafts_.emplace(key, &draft);
  return draft;
}

LogDraft& CommitPlanner::NewLog(const LogKey& key) {
  LogDraft& draft = plan_.drafts.emplace_back();
  draft.state.info.key = key;
  draft.state.info.number = plan_.next_number++;
  draft.state.info.incarnation = random_.Name(kIncarnationLength);
  draft.state.info.created = plan_.time;
  draft.state.info.updated = plan_.time;
  draft.record = true;
  ++plan_.logs;
  drafts_.emplace(key, &draft);
  return draft;
}

Result<std::optional<uint64_t>> CommitPlanner::ProducerCount(const LogState& log,
                                                             const std::string& name) {
  if (const auto draft = drafts_.find(log.info.key); draft != drafts_.end()) {
    const auto& counts = draft->second->producers;
    if (const auto count = counts.find(name); count != counts.end()) return count->second;
    if (!draft->second->before) return std::nullopt;
  }
  if (log.producers == 0) return std::nullopt;
  return backend_.LoadProducer(log, name);
}

Result<AppendAnswer> CommitPlanner::DoAppend(AppendRequest& request) {
  auto found = Find(request.key);
  if (!found) return Fail(std::move(found.error()));
  std::optional<uint64_t> count;
  if (*found != nullptr && request.producer) {
    auto known = ProducerCount(**found, request.producer->name);
    if (!known) return Fail(std::move(known.error()));
    count = *known;
  }
  const auto decision = DecideAppend(*found, count, request);
  if (!decision) return Fail(decision.error());
  const uint64_t stored = request.run.count;
  if (*found != nullptr && decision->add == 0 && !decision->end) {
    const LogInfo& info = (*found)->info;
    return AppendAnswer{info.incarnation, info.position, stored};
  }
  LogDraft& draft = *found == nullptr ? NewLog(request.key) : Change(request.key);
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

Result<CreateRequest::Answer> CommitPlanner::DoCreate(const CreateRequest& request) {
  auto found = Find(request.key);
  if (!found) return Fail(std::move(found.error()));
  const bool created = *found == nullptr;
  if (!created) {
    const LogInfo& info = (*found)->info;
    const bool same = (!request.title || *request.title == info.title) &&
                      (!request.labels || *request.labels == info.labels);
    if (same) return CreateRequest::Answer{info, false};
  }
  LogDraft& draft = created ? NewLog(request.key) : Change(request.key);
  if (request.title) draft.state.info.title = *request.title;
  if (request.labels) draft.state.info.labels = *request.labels;
  draft.state.Touch(plan_.time);
  draft.record = true;
  return CreateRequest::Answer{draft.state.info, created};
}

Result<LogInfo> CommitPlanner::DoEnd(const EndRequest& request) {
  auto found = Find(request.key);
  if (!found) return Fail(std::move(found.error()));
  if (*found == nullptr) return NoSuchLog(request.key);
  const auto ends = DecideEnd((*found)->info, request.outcome);
  if (!ends) return Fail(ends.error());
  if (!*ends) return (*found)->info;
  LogDraft& draft = Change(request.key);
  EndLog(draft, request.outcome);
  return draft.state.info;
}

Result<LogInfo> CommitPlanner::DoRemove(const LogKey& key) {
  auto found = Find(key);
  if (!found) return Fail(std::move(found.error()));
  if (*found == nullptr) return NoSuchLog(key);
  LogDraft& draft = Change(key);
  draft.removed = true;
  --plan_.logs;
  return draft.state.info;
}

Result<LogInfo> CommitPlanner::DoRetire(const RetireRequest& request) {
  auto found = Find(request.key);
  if (!found) return Fail(std::move(found.error()));
  if (*found == nullptr || (*found)->info.number != request.number) return NoSuchLog(request.key);
  const LogInfo info = (*found)->info;
  if (request.whole) {
    if (!info.HasEnded()) return info;
    retired_ += info.position - info.first;
    return DoRemove(request.key);
  }
  if (request.first <= info.first) return info;
  CHECK(request.first <= info.position);
  // Small blocks may have been joined since they were looked at: next time.
  const auto border = backend_.IsBorder(**found, request.first);
  if (!border) return Fail(border.error());
  if (!*border) return info;
  LogDraft& draft = Change(request.key);
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
    commit.info = std::make_shared<const LogInfo>(std::move(draft.state.info));
  }
  return commits;
}

void CommitPlanner::Answer(const Error* failure) {
  for (auto& answer : answers_) answer(failure);
  answers_.clear();
}

}  // namespace tailrace
