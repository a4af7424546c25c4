#include "store/mongodb/documents.h"

#include <bson/bson.h>

#include "base/text.h"

namespace tailrace::mongo {
namespace {

constexpr std::string_view kDone = "[DONE]";
constexpr TimeNs kNsPerMs = 1'000'000;

int64_t Floor(TimeNs time) {
  const int64_t ms = time / kNsPerMs;
  return time % kNsPerMs < 0 ? ms - 1 : ms;
}

// Appending cannot fail: nothing here comes near the 2 GiB of a bson_t.
void AddText(bson_t& out, const char* name, std::string_view text) {
  const auto length = static_cast<uint32_t>(text.size());
  if (IsValidUtf8(text)) {
    bson_append_utf8(&out, name, -1, text.data(), static_cast<int>(length));
  } else {
    bson_append_binary(&out, name, -1, BSON_SUBTYPE_BINARY,
                       reinterpret_cast<const uint8_t*>(text.data()), length);
  }
}

void AddTextIfAny(bson_t& out, const char* name, std::string_view text) {
  if (!text.empty()) AddText(out, name, text);
}

void AddNumber(bson_t& out, const char* name, uint64_t value) {
  BSON_APPEND_INT64(&out, name, static_cast<int64_t>(value));
}

// `type`, `id`: what the portal's code asks for.
void AddKey(bson_t& out, const LogKey& key, IdForm form) {
  AddText(out, "type", key.type);
  const bool has_zero = key.id.size() > 1 && key.id.front() == '0';
  const auto number = has_zero ? std::nullopt : ParseDecimal(key.id);
  if (form == IdForm::kNumber && number && *number <= INT64_MAX) {
    AddNumber(out, "id", *number);
  } else {
    AddText(out, "id", key.id);
  }
}

// An entry that reads like the portal's end must not be one, and the portal's code knows text only.
void AddLog(bson_t& out, std::string_view text) {
  if (text == kDone) {
    AddText(out, "log", std::string(text) + " ");
  } else if (IsValidUtf8(text)) {
    return AddText(out, "log", text);
  } else {
    std::string repaired;
    AppendValidUtf8(repaired, text);
    AddText(out, "log", repaired);
  }
  bson_append_binary(&out, "raw", -1, BSON_SUBTYPE_BINARY,
                     reinterpret_cast<const uint8_t*>(text.data()),
                     static_cast<uint32_t>(text.size()));
}

/// A document's fields by name, whatever their order.
class Fields {
 public:
  explicit Fields(const bson_t& bson) : bson_(bson) {}

  bool Has(const char* name) const {
    bson_iter_t iter;
    return bson_iter_init_find(&iter, &bson_, name);
  }
  /// Nothing if it is not there, or not text.
  std::optional<std::string_view> Text(const char* name) const {
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, &bson_, name)) return std::nullopt;
    return TextOf(iter);
  }
  std::string_view TextOrEmpty(const char* name) const { return Text(name).value_or(""); }
  std::optional<uint64_t> Number(const char* name) const {
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, &bson_, name)) return std::nullopt;
    // Who edits by hand writes doubles.
    if (!BSON_ITER_HOLDS_NUMBER(&iter)) return std::nullopt;
    return static_cast<uint64_t>(bson_iter_as_int64(&iter));
  }
  std::optional<int64_t> Date(const char* name) const {
    bson_iter_t iter;
    if (!bson_iter_init_find(&iter, &bson_, name) || !BSON_ITER_HOLDS_DATE_TIME(&iter)) {
      return std::nullopt;
    }
    return bson_iter_date_time(&iter);
  }
  bool IsTrue(const char* name) const {
    bson_iter_t iter;
    return bson_iter_init_find(&iter, &bson_, name) && bson_iter_as_bool(&iter);
  }

  static std::optional<std::string_view> TextOf(const bson_iter_t& iter) {
    uint32_t length = 0;
    if (BSON_ITER_HOLDS_UTF8(&iter)) {
      const char* const text = bson_iter_utf8(&iter, &length);
      return std::string_view(text, length);
    }
    if (!BSON_ITER_HOLDS_BINARY(&iter)) return std::nullopt;
    const uint8_t* data = nullptr;
    bson_iter_binary(&iter, nullptr, &length, &data);
    return std::string_view(reinterpret_cast<const char*>(data), length);
  }

 private:
  const bson_t& bson_;
};

// Names of labels may have dots and dollars in them, which names of fields had better not.
void AddLabels(bson_t& out, const Labels& labels) {
  bson_t array;
  BSON_APPEND_ARRAY_BEGIN(&out, "labels", &array);
  uint32_t index = 0;
  for (const auto& [name, value] : labels) {
    char digits[16];
    const char* key = nullptr;
    bson_uint32_to_string(index++, &key, digits, sizeof digits);
    bson_t label;
    BSON_APPEND_DOCUMENT_BEGIN(&array, key, &label);
    AddText(label, "name", name);
    AddText(label, "value", value);
    bson_append_document_end(&array, &label);
  }
  bson_append_array_end(&out, &array);
}

Labels ReadLabels(const bson_t& bson) {
  Labels labels;
  bson_iter_t iter;
  bson_iter_t label;
  if (!bson_iter_init_find(&iter, &bson, "labels") || !bson_iter_recurse(&iter, &label)) return {};
  while (bson_iter_next(&label)) {
    bson_iter_t part;
    if (!bson_iter_recurse(&label, &part)) continue;
    std::string name;
    std::string value;
    while (bson_iter_next(&part)) {
      const std::string_view which = bson_iter_key(&part);
      (which == "name" ? name : value) = Fields::TextOf(part).value_or("");
    }
    labels.emplace(std::move(name), std::move(value));
  }
  return labels;
}

void AddOutcome(bson_t& out, const Outcome& outcome) {
  AddText(out, "outcome", OutcomeName(outcome.kind));
  if (outcome.exit_code) BSON_APPEND_INT64(&out, "exit_code", *outcome.exit_code);
  AddTextIfAny(out, "reason", outcome.reason);
}

std::optional<Outcome> ReadOutcome(const Fields& fields) {
  const auto kind = ParseOutcomeKind(fields.TextOrEmpty("outcome"));
  if (!kind) return std::nullopt;
  Outcome outcome{.kind = *kind, .reason = std::string(fields.TextOrEmpty("reason"))};
  if (const auto code = fields.Number("exit_code")) outcome.exit_code = static_cast<int64_t>(*code);
  return outcome;
}

}  // namespace

void WriteLog(bson_t& out, const StoredLog& log) {
  const LogState& state = log.state;
  const LogInfo& info = state.info;
  AddText(out, "_id", info.key.Path());
  AddText(out, "type", info.key.type);
  AddText(out, "id", info.key.id);
  AddNumber(out, "number", info.number);
  AddText(out, "incarnation", info.incarnation);
  AddNumber(out, "version", log.version);
  AddText(out, "writer", log.writer);
  AddTextIfAny(out, "title", info.title);
  if (!info.labels.empty()) AddLabels(out, info.labels);
  AddNumber(out, "first", info.first);
  AddNumber(out, "position", info.position);
  AddNumber(out, "grown_from", log.grown_from);
  AddNumber(out, "text_bytes", info.bytes);
  AddNumber(out, "text_end", state.text_end);
  AddNumber(out, "encoded_first", state.encoded_first);
  AddNumber(out, "encoded_end", state.encoded_end);
  AddNumber(out, "producers", state.producers);
  if (state.memo_at) AddNumber(out, "memo_at", *state.memo_at);
  BSON_APPEND_INT64(&out, "created_ns", info.created);
  BSON_APPEND_INT64(&out, "updated_ns", info.updated);
  if (info.ended) BSON_APPEND_INT64(&out, "ended_ns", *info.ended);
  if (info.outcome) AddOutcome(out, *info.outcome);
  if (log.ends) BSON_APPEND_BOOL(&out, "ends", true);
  if (log.removed) BSON_APPEND_BOOL(&out, "removed", true);
}

Result<StoredLog> ReadLog(const bson_t& bson) {
  const Fields fields(bson);
  StoredLog log;
  LogState& state = log.state;
  LogInfo& info = state.info;
  for (auto [name, field] : std::initializer_list<std::pair<const char*, uint64_t*>>{
           {"number", &info.number},
           {"version", &log.version},
           {"first", &info.first},
           {"position", &info.position},
           {"grown_from", &log.grown_from},
           {"text_bytes", &info.bytes},
           {"text_end", &state.text_end},
           {"encoded_first", &state.encoded_first},
           {"encoded_end", &state.encoded_end},
           {"producers", &state.producers}}) {
    const auto value = fields.Number(name);
    if (!value) {
      return Fail(ErrorCode::kCorrupt, "MongoDB: the document of log " +
                                           std::string(fields.TextOrEmpty("_id")) + " has no " +
                                           name);
    }
    *field = *value;
  }
  state.memo_at = fields.Number("memo_at");
  info.key = {std::string(fields.TextOrEmpty("type")), std::string(fields.TextOrEmpty("id"))};
  info.incarnation = fields.TextOrEmpty("incarnation");
  log.writer = fields.TextOrEmpty("writer");
  info.title = fields.TextOrEmpty("title");
  info.labels = ReadLabels(bson);
  info.created = static_cast<TimeNs>(fields.Number("created_ns").value_or(0));
  info.updated = static_cast<TimeNs>(fields.Number("updated_ns").value_or(0));
  info.outcome = ReadOutcome(fields);
  if (info.outcome) info.ended = static_cast<TimeNs>(fields.Number("ended_ns").value_or(0));
  log.ends = fields.IsTrue("ends");
  log.removed = fields.IsTrue("removed");
  return log;
}

void WriteMemoUpdate(bson_t& out, const Memo& memo) {
  bson_t set;
  BSON_APPEND_DOCUMENT_BEGIN(&out, "$set", &set);
  AddNumber(set, "at", memo.at);
  bson_append_binary(&set, "memo", -1, BSON_SUBTYPE_BINARY,
                     reinterpret_cast<const uint8_t*>(memo.bytes.data()),
                     static_cast<uint32_t>(memo.bytes.size()));
  bson_append_document_end(&out, &set);
}

std::optional<Memo> ReadMemo(const bson_t& bson) {
  const Fields fields(bson);
  const auto at = fields.Number("at");
  const auto bytes = fields.Text("memo");
  if (!at || !bytes) return std::nullopt;
  return Memo{.at = *at, .bytes = std::string(*bytes)};
}

void WriteEntry(bson_t& out, const LogInfo& info, IdForm form, const EntryFacts& facts,
                const Entry& entry) {
  AddText(out, "_id", EntryId(info.number, facts.position));
  AddKey(out, info.key, form);
  AddLog(out, entry.text);
  const int64_t ms = Floor(entry.time);
  BSON_APPEND_DATE_TIME(&out, "time", ms);
  if (ms * kNsPerMs != entry.time) {
    BSON_APPEND_INT32(&out, "ns", static_cast<int32_t>(entry.time - ms * kNsPerMs));
  }
  AddTextIfAny(out, "stream", entry.stream);
  AddTextIfAny(out, "source", entry.source);
  AddTextIfAny(out, "level", entry.level);
  AddTextIfAny(out, "fields", entry.fields);
  if (entry.partial) BSON_APPEND_BOOL(&out, "partial", true);
  if (entry.lost) AddNumber(out, "lost", *entry.lost);
  AddNumber(out, "position", facts.position);
  AddText(out, "incarnation", info.incarnation);
  AddNumber(out, "offset", facts.text_offset);
  AddNumber(out, "encoded_end", facts.encoded_end);
  BSON_APPEND_DATE_TIME(&out, "stored", Floor(facts.stored));
}

void WriteEnd(bson_t& out, const LogInfo& info, IdForm form) {
  AddText(out, "_id", EndId(info.number));
  AddKey(out, info.key, form);
  AddText(out, "log", kDone);
  BSON_APPEND_DATE_TIME(&out, "time", Floor(info.ended.value_or(info.updated)));
  AddText(out, "incarnation", info.incarnation);
  if (info.outcome) AddOutcome(out, *info.outcome);
}

Result<EntryFacts> ReadFacts(const bson_t& bson) {
  const Fields fields(bson);
  const auto position = fields.Number("position");
  const auto offset = fields.Number("offset");
  const auto encoded_end = fields.Number("encoded_end");
  const auto stored = fields.Date("stored");
  if (!position || !offset || !encoded_end || !stored) {
    return Fail(ErrorCode::kCorrupt, "MongoDB: a document is not that of an entry any more");
  }
  return EntryFacts{*position, *offset, *encoded_end, *stored * kNsPerMs};
}

Result<StoredEntry> ReadEntry(const bson_t& bson) {
  const Fields fields(bson);
  const auto facts = ReadFacts(bson);
  if (!facts) return Fail(facts.error());
  const auto text = fields.Has("raw") ? fields.Text("raw") : fields.Text("log");
  const auto ms = fields.Date("time");
  if (!text || !ms) {
    return Fail(ErrorCode::kCorrupt, "MongoDB: an entry has lost its text or time");
  }
  StoredEntry stored{.facts = *facts};
  Entry& entry = stored.entry;
  entry.text = *text;
  entry.time = *ms * kNsPerMs + static_cast<int64_t>(fields.Number("ns").value_or(0));
  entry.stream = fields.TextOrEmpty("stream");
  entry.source = fields.TextOrEmpty("source");
  entry.level = fields.TextOrEmpty("level");
  entry.fields = fields.TextOrEmpty("fields");
  entry.partial = fields.IsTrue("partial");
  entry.lost = fields.Number("lost");
  return stored;
}

}  // namespace tailrace::mongo
