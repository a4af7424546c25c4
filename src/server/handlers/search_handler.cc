// GET …/search: where in a log a text or a regular expression stands.
#include <algorithm>
#include <array>

#include "http/negotiate.h"
#include "server/handlers/handlers.h"
#include "server/search_source.h"

namespace tailrace {
namespace {

constexpr uint64_t kDefaultMatches = 1000;
constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kNdjsonType = "application/x-ndjson";

struct SearchQuery {
  LogKey key;
  std::string text;
  PatternOptions options;
  EntryFilter filter;
  Position from = 0;
  std::optional<Position> to;
  uint64_t limit = kDefaultMatches;
  bool count_all = true;
  std::optional<SearchForm> form;  // nothing: as long as the log is
};

// Nothing: the client likes both.
std::optional<SearchForm> ChooseForm(const Headers& headers) {
  constexpr std::array<std::string_view, 2> kOffers = {kJsonType, kNdjsonType};
  constexpr std::array<std::string_view, 2> kTurned = {kNdjsonType, kJsonType};
  const bool json = NegotiateMediaType(headers, kOffers).value_or(0) == 0;
  const bool ndjson = NegotiateMediaType(headers, kTurned).value_or(0) == 0;
  if (json && ndjson) return std::nullopt;
  return json ? SearchForm::kJson : SearchForm::kNdjson;
}

std::vector<std::string> Values(const Query& query, std::string_view name) {
  const std::vector<std::string_view> all = query.All(name);
  return {all.begin(), all.end()};
}

Result<void> ParseFlags(const Query& query, SearchQuery& search) {
  for (auto [name, target] : {std::pair{"regex", &search.options.regex},
                              {"case", &search.options.match_case},
                              {"total", &search.count_all}}) {
    const auto value = FlagParameter(query, name);
    if (!value) return Fail(value.error());
    *target = value->value_or(*target);
  }
  return {};
}

Result<SearchQuery> ParseSearchQuery(const Call& call) {
  SearchQuery search{.key = call.key};
  search.filter = {.streams = Values(call.query, "stream"),
                   .sources = Values(call.query, "source"),
                   .levels = Values(call.query, "level")};
  search.text = call.query.Find("q").value_or("");
  if (search.text.empty() && search.filter.Empty()) {
    return FailField(ErrorCode::kInvalid, "q", "q: must say what to search for");
  }
  if (Result<void> flags = ParseFlags(call.query, search); !flags) return Fail(flags.error());
  const auto from = DecimalParameter(call.query, "from");
  if (!from) return Fail(from.error());
  const auto to = DecimalParameter(call.query, "to");
  if (!to) return Fail(to.error());
  const auto limit = DecimalParameter(call.query, "limit");
  if (!limit) return Fail(limit.error());
  const uint64_t most = call.worker.config().limits.search_matches;
  if (limit->value_or(0) > most) {
    return FailField(ErrorCode::kInvalid, "limit",
                     "limit: must be at most " + std::to_string(most));
  }
  search.from = from->value_or(0);
  search.to = *to;
  search.limit = limit->value_or(std::min(kDefaultMatches, most));
  search.form = ChooseForm(call.head.headers);
  return search;
}

// "Long": it would not fit into a page.
SearchForm FormFor(const SearchOrder& order, const LogInfo& info, const LimitConfig& limits) {
  const bool is_long =
      order.end - order.begin > limits.page_entries || info.bytes > limits.page_bytes;
  return is_long ? SearchForm::kNdjson : SearchForm::kJson;
}

Answer SearchAnswer(const LogInfo& info, SearchForm form) {
  Answer answer = MakeAnswer(200, form == SearchForm::kJson ? kJsonType : kNdjsonType, "");
  Headers& headers = answer.headers;
  headers.Add("Cache-Control", "no-cache");
  headers.Add("Vary", "Accept");
  headers.Add("X-Accel-Buffering", "no");  // matches are to be seen while the search goes on
  headers.Add("X-Content-Type-Options", "nosniff");
  headers.Add("Tailrace-Incarnation", info.incarnation);
  headers.Add("Tailrace-Position", std::to_string(info.position));
  return answer;
}

Result<Answer> MakeSearchAnswer(ServerShared& shared, const SearchQuery& query) {
  const LimitConfig& limits = shared.config.limits;
  auto slot = SearchSlot::Take(shared.searches, limits.searches);
  if (slot == nullptr) {
    return Fail(ErrorCode::kOverloaded, "searches: " + std::to_string(limits.searches) +
                                            " are under way, which is the limit; repeat later");
  }
  auto pattern = Pattern::Compile(query.text, query.options);
  if (!pattern) return Fail(pattern.error());
  const Result<LogInfo> info = shared.store.Stat(query.key);
  if (!info) return Fail(info.error());
  SearchOrder order{.pattern = std::move(*pattern),
                    .filter = query.filter,
                    .limit = query.limit,
                    .count_all = query.count_all};
  order.end = std::min(query.to.value_or(info->position), info->position);
  order.begin = std::min(query.from, order.end);
  order.form = query.form.value_or(FormFor(order, *info, limits));
  Answer answer = SearchAnswer(*info, order.form);
  answer.about = std::make_shared<const LogInfo>(*info);
  answer.source =
      std::make_unique<SearchSource>(shared.store, *info, std::move(order), std::move(slot));
  return answer;
}

}  // namespace

void HandleSearch(Call& call) {
  Result<SearchQuery> query = ParseSearchQuery(call);
  if (!query) {
    call.reply.Send(ProblemAnswer(query.error()));
    return;
  }
  AnswerAboutLog(call, call.key, [&shared = call.worker.shared(), query = std::move(*query)] {
    return MakeSearchAnswer(shared, query);
  });
}

}  // namespace tailrace
