#include "http/problem.h"

#include "base/text.h"
#include "http/response.h"

namespace tailrace {
namespace {

struct StatusAndCode {
  int status;
  const char* code;
};

StatusAndCode Lookup(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return {400, "invalid"};
    case ErrorCode::kNotFound:
      return {404, "not_found"};
    case ErrorCode::kConflict:
      return {409, "conflict"};
    case ErrorCode::kTooLarge:
      return {413, "too_large"};
    case ErrorCode::kOverloaded:
      return {429, "overloaded"};
    case ErrorCode::kUnavailable:
      return {503, "unavailable"};
    case ErrorCode::kCorrupt:
      return {500, "corrupt"};
    case ErrorCode::kInternal:
      break;
  }
  return {500, "internal"};
}

// "Method Not Allowed" -> "method_not_allowed"
std::string SnakeCase(std::string_view phrase) {
  std::string code;
  for (const char c : phrase) {
    if (c == ' ' || c == '-') {
      code.push_back('_');
    } else {
      code.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
  }
  return code;
}

void SetRetryAfter(Problem& problem) {
  if (problem.status == 429 || problem.status == 503) {
    problem.retry_after_s = kDefaultRetryAfterSeconds;
  }
}

void AppendNumber(std::string& out, std::string_view name, std::optional<uint64_t> value) {
  if (value) out.append(name).append(std::to_string(*value));
}

}  // namespace

Problem ProblemFrom(const Error& error) {
  const StatusAndCode known = Lookup(error.code);
  Problem problem;
  problem.status = known.status;
  problem.code = known.code;
  problem.detail = error.message;
  problem.field = error.field;
  if (error.has_expected) problem.expected = error.expected;
  SetRetryAfter(problem);
  return problem;
}

Problem ProblemFrom(int status, std::string detail) {
  Problem problem;
  problem.status = status;
  problem.code = SnakeCase(ReasonPhrase(status));
  problem.detail = std::move(detail);
  SetRetryAfter(problem);
  return problem;
}

void AppendProblemJson(std::string& out, const Problem& problem) {
  out.append(R"({"type":"about:blank","title":)");
  AppendJsonString(out, ReasonPhrase(problem.status));
  out.append(",\"status\":").append(std::to_string(problem.status));
  out.append(",\"code\":");
  AppendJsonString(out, problem.code);
  out.append(",\"detail\":");
  AppendJsonString(out, problem.detail);
  if (!problem.field.empty()) {
    out.append(",\"field\":");
    AppendJsonString(out, problem.field);
  }
  AppendNumber(out, ",\"expected\":", problem.expected);
  AppendNumber(out, ",\"stored\":", problem.stored);
  AppendNumber(out, ",\"limit\":", problem.limit);
  AppendNumber(out, ",\"retry_after\":", problem.retry_after_s);
  out.push_back('}');
}

}  // namespace tailrace
