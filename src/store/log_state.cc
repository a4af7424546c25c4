#include "store/log_state.h"

#include <algorithm>

namespace tailrace {
namespace {

Result<void> CheckKey(const LogKey& key) {
  auto made = MakeLogKey(key.type, key.id);
  if (!made) return Fail(std::move(made.error()));
  return {};
}

Result<void> CheckSize(std::string_view what, size_t size, size_t limit) {
  if (size <= limit) return {};
  return Fail(ErrorCode::kTooLarge, std::string(what) + " has " + std::to_string(size) +
                                        " bytes; the limit is " + std::to_string(limit));
}

Result<void> CheckProducer(const ProducerMark& producer) {
  const std::string& name = producer.name;
  const bool printable = std::ranges::all_of(name, [](char c) { return c >= 0x20 && c <= 0x7e; });
  if (name.empty() || name.size() > kMaxProducerBytes || !printable) {
    return Fail(ErrorCode::kInvalid, "producer: the name must be 1 to " +
                                         std::to_string(kMaxProducerBytes) +
                                         " printable ASCII characters");
  }
  return {};
}

Result<void> CheckLabels(const Labels& labels) {
  if (labels.size() > kMaxLabels) {
    return Fail(ErrorCode::kTooLarge, "labels: " + std::to_string(labels.size()) +
                                          " of them; the limit is " + std::to_string(kMaxLabels));
  }
  for (const auto& [name, value] : labels) {
    if (auto ok = CheckSize("labels: a name", name.size(), kMaxLabelBytes); !ok) return ok;
    if (auto ok = CheckSize("labels: a value", value.size(), kMaxLabelBytes); !ok) return ok;
  }
  return {};
}

std::string_view WriterOf(const LogInfo* log) {
  if (log == nullptr) return "";
  const auto found = log->labels.find(kWriterLabel);
  return found == log->labels.end() ? std::string_view() : found->second;
}

std::unexpected<Error> IsSources(const LogInfo& log, std::string_view refusal) {
  return Fail(ErrorCode::kConflict, "log " + log.key.Path() + " is written by Tailrace itself (" +
                                        std::string(WriterOf(&log)) + "): " + std::string(refusal));
}

// Those of a log that a source writes stay; others come beside them, unless it is alone.
Result<Labels> WithTheirs(const LogInfo& log, const Labels& theirs) {
  Labels labels = log.labels;
  const bool is_alone = WriterOf(&log) == kWriterAlone;
  for (const auto& [name, value] : theirs) {
    const auto [found, is_new] = labels.emplace(name, value);
    if (is_new ? is_alone : found->second != value) {
      return IsSources(log, "nobody else may change its label " + name);
    }
  }
  if (auto ok = CheckLabels(labels); !ok) return Fail(std::move(ok.error()));
  return labels;
}

std::unexpected<Error> HasEnded(const LogInfo& info, std::string_view refusal) {
  return Fail(ErrorCode::kConflict, "log " + info.key.Path() + " has ended (" +
                                        std::string(OutcomeName(info.outcome->kind)) + ")" +
                                        std::string(refusal));
}

}  // namespace

Result<void> CheckRequest(const AppendRequest& request) {
  if (auto ok = CheckKey(request.key); !ok) return ok;
  if (request.producer) {
    if (auto ok = CheckProducer(*request.producer); !ok) return ok;
  }
  if (request.memo) {
    if (!request.producer) return Fail(ErrorCode::kInvalid, "memo: only a producer's");
    if (auto ok = CheckSize("memo", request.memo->size(), kMaxMemoBytes); !ok) return ok;
  }
  if (!request.end) return {};
  return CheckSize("reason", request.end->reason.size(), kMaxReasonBytes);
}

Result<void> CheckRequest(const CreateRequest& request) {
  if (auto ok = CheckKey(request.key); !ok) return ok;
  if (request.title) {
    if (auto ok = CheckSize("title", request.title->size(), kMaxTitleBytes); !ok) return ok;
  }
  return request.labels ? CheckLabels(*request.labels) : Result<void>{};
}

Result<void> CheckRequest(const EndRequest& request) {
  if (auto ok = CheckKey(request.key); !ok) return ok;
  return CheckSize("reason", request.outcome.reason.size(), kMaxReasonBytes);
}

Result<void> CheckRequest(const RemoveRequest& request) {
  return CheckKey(request.key);
}

Result<void> CheckOpenToAll(const LogInfo& log) {
  if (WriterOf(&log) != kWriterAlone) return {};
  return IsSources(log, "nobody else may append to it or end it");
}

Result<NewFacts> DecideFacts(const LogInfo* log, const CreateRequest& request) {
  NewFacts facts{.title = request.title, .labels = request.labels};
  if (request.from_source) return facts;
  const std::string_view writer = WriterOf(log);
  if (writer.empty()) {
    if (!facts.labels || !facts.labels->contains(kWriterLabel)) return facts;
    return FailField(ErrorCode::kInvalid, "labels",
                     std::string("labels: ") + kWriterLabel + " is set by Tailrace alone");
  }
  if (facts.title && *facts.title != log->title && writer == kWriterAlone) {
    return IsSources(*log, "nobody else may change its title");
  }
  if (!facts.labels) return facts;
  Result<Labels> labels = WithTheirs(*log, *facts.labels);
  if (!labels) return Fail(std::move(labels.error()));
  facts.labels = std::move(*labels);
  return facts;
}

Result<AppendDecision> DecideAppend(const LogState* log, std::optional<uint64_t> count,
                                    const AppendRequest& request) {
  if (log != nullptr && !request.from_source) {
    if (auto ok = CheckOpenToAll(log->info); !ok) return Fail(std::move(ok.error()));
  }
  AppendDecision decision;
  const uint64_t entries = request.run.count;
  const uint64_t have = count.value_or(0);
  const bool ended = log != nullptr && log->info.HasEnded();
  if (request.producer) {
    const uint64_t sequence = request.producer->sequence;
    if (sequence > have && !ended) {
      Error error{ErrorCode::kConflict, "sequence: " + std::to_string(sequence) +
                                            " is beyond the " + std::to_string(have) +
                                            " entries stored of producer " +
                                            request.producer->name};
      error.expected = have;
      error.has_expected = true;
      return Fail(std::move(error));
    }
    decision.skip = sequence > have ? 0 : std::min(entries, have - sequence);
  }
  decision.add = entries - decision.skip;
  if (ended) {
    const bool ahead = request.producer && request.producer->sequence > have;
    const bool asks_something = request.producer || request.end;
    if (decision.add > 0 || ahead || !asks_something) {
      return HasEnded(log->info, "; it takes no more entries");
    }
    if (request.end) {
      if (auto ends = DecideEnd(log->info, *request.end); !ends) return Fail(ends.error());
    }
    return decision;
  }
  const bool new_producer = request.producer && !count && decision.add > 0;
  if (new_producer && log != nullptr && log->producers >= kMaxProducersPerLog) {
    return Fail(ErrorCode::kTooLarge,
                "producer: log " + request.key.Path() + " has " + std::to_string(log->producers) +
                    " producers; the limit is " + std::to_string(kMaxProducersPerLog));
  }
  decision.end = request.end.has_value();
  return decision;
}

Result<bool> DecideEnd(const LogInfo& info, const Outcome& outcome) {
  if (!info.HasEnded()) return true;
  if (*info.outcome == outcome) return false;
  return HasEnded(info, " with another outcome");
}

}  // namespace tailrace
