#include "ingest/body_parser.h"

#include <algorithm>

#include "ingest/json_body.h"
#include "ingest/text_body.h"

namespace tailrace {
namespace {

// "Text/Plain; charset=utf-8" -> "text/plain"
std::string Essence(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  const size_t first = std::min(type.find_first_not_of(" \t"), type.size());
  type.remove_prefix(first);
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  std::string essence(type);
  std::ranges::transform(essence, essence.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return essence;
}

}  // namespace

std::unique_ptr<BodyParser> MakeBodyParser(std::string_view content_type, const BodyLimits& limits,
                                           const Redactor* redactor) {
  const std::string type = Essence(content_type);
  if (type.empty() || type == "text/plain" || type == "application/x-www-form-urlencoded") {
    return std::make_unique<TextBody>(limits, redactor);
  }
  if (type == "application/x-ndjson" || type == "application/ndjson" ||
      type == "application/jsonl") {
    return std::make_unique<JsonBody>(MakeLineFramer(limits.object_bytes), limits, redactor);
  }
  if (type == "application/json") {
    return std::make_unique<JsonBody>(MakeArrayFramer(limits.object_bytes), limits, redactor);
  }
  return nullptr;
}

}  // namespace tailrace
