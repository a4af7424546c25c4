// GET …/entries: a page of entries.
#include <algorithm>
#include <array>

#include "http/negotiate.h"
#include "server/entry_source.h"
#include "server/handlers/handlers.h"

namespace tailrace {
namespace {

constexpr uint64_t kDefaultPageEntries = 1000;
constexpr size_t kReadBytes = 256 << 10;

enum class PageForm : uint8_t { kJson, kNdjson, kText };
constexpr std::array<std::string_view, 3> kPageTypes = {"application/json", "application/x-ndjson",
                                                        "text/plain"};

struct PageQuery {
  LogKey key;
  std::optional<Position> from;
  std::optional<uint64_t> tail;
  std::optional<Position> before;
  uint64_t limit = kDefaultPageEntries;
  uint64_t max_bytes = 0;
  PageForm form = PageForm::kJson;
};

struct Page {
  LogInfo info;
  std::string entries;  // in the form asked for
  std::string gaps;     // JSON objects, separated by commas
  Position begin = 0;
  Position next = 0;  // behind the last entry or gap of the page
  uint64_t left = 0;  // entries that may still be added; gaps are beside the count
};

Result<PageQuery> ParsePageQuery(const Call& call) {
  PageQuery page{.key = call.key};
  const LimitConfig& limits = call.worker.config().limits;
  page.max_bytes = limits.page_bytes;
  for (auto [name, target] :
       {std::pair{"from", &page.from}, {"tail", &page.tail}, {"before", &page.before}}) {
    const auto value = DecimalParameter(call.query, name);
    if (!value) return Fail(value.error());
    *target = *value;
  }
  if (page.from.has_value() + page.tail.has_value() + page.before.has_value() > 1) {
    return FailField(ErrorCode::kInvalid, page.tail ? "tail" : "before",
                     "from, tail and before exclude each other");
  }
  const auto limit = DecimalParameter(call.query, "limit");
  if (!limit) return Fail(limit.error());
  page.limit = limit->value_or(page.tail.value_or(kDefaultPageEntries));
  if (page.limit > limits.page_entries) {
    const std::string field = limit->has_value() ? "limit" : "tail";
    return FailField(ErrorCode::kInvalid, field,
                     field + ": must be at most " + std::to_string(limits.page_entries));
  }
  const auto type = NegotiateMediaType(call.head.headers, kPageTypes);
  page.form = static_cast<PageForm>(type.value_or(0));
  return page;
}

// Where the page begins and must end.
std::pair<Position, Position> PageRange(const PageQuery& query, const LogInfo& info) {
  const auto back = [&info](Position from, uint64_t count) {
    return from - std::min(count, from - std::min(from, info.first));
  };
  if (query.tail) return {back(info.position, std::min(*query.tail, query.limit)), info.position};
  if (query.before) {
    const Position end = std::min(*query.before, info.position);
    return {back(end, query.limit), end};
  }
  return {std::min(query.from.value_or(0), info.position), info.position};
}

void AddEntry(Page& page, PageForm form, Position n, const Entry& entry) {
  if (form == PageForm::kText) {
    page.entries.append(entry.text).push_back('\n');
    return;
  }
  if (form == PageForm::kJson && !page.entries.empty()) page.entries.push_back(',');
  AppendEntryJson(page.entries, n, entry);
  if (form == PageForm::kNdjson) page.entries.push_back('\n');
}

void AddGap(Page& page, PageForm form, Position from, Position to, GapCause cause) {
  std::string json = "{\"from\":" + std::to_string(from) + ",\"to\":" + std::to_string(to) +
                     ",\"cause\":\"" + std::string(GapCauseName(cause)) + "\"}";
  if (form == PageForm::kNdjson) {
    page.entries.append("{\"gap\":").append(json).append("}\n");
  } else if (form == PageForm::kText) {
    page.entries.append(LostText(from, to, cause)).push_back('\n');
  } else {
    if (!page.gaps.empty()) page.gaps.push_back(',');
    page.gaps.append(json);
  }
}

bool IsFull(const Page& page, const PageQuery& query) {
  return page.left == 0 || page.entries.size() >= query.max_bytes;
}

void AddItem(Page& page, const PageQuery& query, const ReadItem& item, Position end) {
  if (item.chunk == nullptr) {
    const Position to = std::min(item.end, end);
    AddGap(page, query.form, page.next, to, item.cause);
    page.next = to;
    return;
  }
  EntryReader reader(item.chunk->encoded);
  Entry entry;
  for (Position n = item.begin; n < end && reader.Next(entry); ++n) {
    if (n < page.next) continue;
    if (IsFull(page, query)) return;
    AddEntry(page, query.form, n, entry);
    page.next = n + 1;
    --page.left;
  }
}

Result<Page> ReadPage(LogStore& store, const PageQuery& query) {
  Result<LogInfo> info = store.Stat(query.key);
  if (!info) return Fail(info.error());
  Page page{.info = std::move(*info)};
  const auto [begin, end] = PageRange(query, page.info);
  page.begin = begin;
  page.next = begin;
  page.left = query.limit;
  while (page.next < end && !IsFull(page, query)) {
    const Result<ReadAnswer> answer = store.Read(query.key, page.next, kReadBytes);
    if (!answer) return Fail(answer.error());
    if (answer->info.number != page.info.number || answer->items.empty()) {
      return Fail(ErrorCode::kNotFound, query.key.Path() + " was deleted while it was read");
    }
    for (const ReadItem& item : answer->items) {
      if (page.next < end && !IsFull(page, query)) AddItem(page, query, item, end);
    }
  }
  return page;
}

std::string PageJson(const Page& page) {
  std::string json = "{\"incarnation\":\"" + page.info.incarnation + "\"";
  json.append(",\"first\":").append(std::to_string(page.info.first));
  json.append(",\"position\":").append(std::to_string(page.info.position));
  json.append(page.info.HasEnded() ? ",\"state\":\"ended\"," : ",\"state\":\"open\",");
  AppendOutcomeFields(json, page.info.outcome);
  json.append(",\"next\":").append(std::to_string(page.next));
  if (!page.gaps.empty()) json.append(",\"gaps\":[").append(page.gaps).append("]");
  json.append(",\"entries\":[").append(page.entries).append("]}\n");
  return json;
}

Answer PageAnswer(const PageQuery& query, Page page) {
  Answer answer =
      MakeAnswer(200,
                 query.form == PageForm::kText ? "text/plain; charset=utf-8"
                                               : kPageTypes[static_cast<size_t>(query.form)],
                 query.form == PageForm::kJson ? PageJson(page) : std::move(page.entries));
  Headers& headers = answer.headers;
  headers.Add("Cache-Control", "no-cache");
  headers.Add("Vary", "Accept");
  headers.Add("X-Content-Type-Options", "nosniff");
  // For the forms that have no room for it.
  headers.Add("Tailrace-Incarnation", page.info.incarnation);
  headers.Add("Tailrace-Position", std::to_string(page.info.position));
  headers.Add("Tailrace-Next", std::to_string(page.next));
  return answer;
}

}  // namespace

void HandleEntries(Call& call) {
  Result<PageQuery> query = ParsePageQuery(call);
  if (!query) {
    call.reply.Send(ProblemAnswer(query.error()));
    return;
  }
  AnswerAboutLog(call, call.key,
                 [&store = call.worker.store(), query = std::move(*query)]() -> Result<Answer> {
                   Result<Page> page = ReadPage(store, query);
                   if (!page) return Fail(page.error());
                   return PageAnswer(query, std::move(*page));
                 });
}

}  // namespace tailrace
