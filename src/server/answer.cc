#include "server/answer.h"

namespace tailrace {

Answer MakeAnswer(int status, std::string_view content_type, std::string body) {
  Answer answer;
  answer.status = status;
  answer.headers.Add("Content-Type", content_type);
  answer.body = std::move(body);
  return answer;
}

bool NoneMatchFits(const Headers& request, std::string_view etag) {
  const auto opaque = [](std::string_view tag) {
    return tag.starts_with("W/") ? tag.substr(2) : tag;
  };
  const std::string all = request.Joined("If-None-Match");
  std::string_view list = all;
  std::string_view element;
  while (TakeListElement(list, element)) {
    if (element == "*" || opaque(element) == opaque(etag)) return true;
  }
  return false;
}

Answer ProblemAnswer(const Problem& problem) {
  std::string body;
  AppendProblemJson(body, problem);
  body.push_back('\n');
  Answer answer = MakeAnswer(problem.status, kProblemMediaType, std::move(body));
  if (problem.retry_after_s) {
    answer.headers.Add("Retry-After", std::to_string(*problem.retry_after_s));
  }
  return answer;
}

Answer ProblemAnswer(const Error& error) {
  return ProblemAnswer(ProblemFrom(error));
}

}  // namespace tailrace
