#include "source/kubernetes/access_reviewer.h"

#include <simdjson.h>

#include <utility>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr const char* kPath = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

}  // namespace

std::string AccessReviewBody(const AccessQuestion& question) {
  std::string body =
      R"({"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":)";
  AppendJsonString(body, question.user);
  body.append(",\"groups\":[");
  for (size_t i = 0; i < question.groups.size(); ++i) {
    if (i > 0) body.push_back(',');
    AppendJsonString(body, question.groups[i]);
  }
  body.append("],\"resourceAttributes\":{\"namespace\":");
  AppendJsonString(body, question.namespace_name);
  return body.append(R"(,"verb":"get","resource":"pods","subresource":"log"}}})");
}

AccessAnswer ReadAccessReview(std::string_view body) {
  simdjson::dom::parser parser;
  bool allowed = false;
  if (parser.parse(simdjson::padded_string(body))["status"]["allowed"].get(allowed)) {
    return AccessAnswer::kNone;
  }
  return allowed ? AccessAnswer::kAllowed : AccessAnswer::kDenied;
}

void AccessReviewer::Ask(const AccessQuestion& question, Done done) {
  const uint64_t number = next_number_++;
  Asked& asked = *(asked_[number] = std::make_unique<Asked>(loop_));
  asked.done = std::move(done);
  asked.timer.Start(timeout_ms_, [this, number] { Finish(number, AccessAnswer::kNone); });
  asked.call =
      client_.Create(kPath, AccessReviewBody(question),
                     [this, number](const kube::ApiEnd& end, const std::string& body) {
                       if (!end.ok()) SayWhy(end);
                       Finish(number, end.ok() ? ReadAccessReview(body) : AccessAnswer::kNone);
                     });
}

void AccessReviewer::Finish(uint64_t number, AccessAnswer answer) {
  auto node = asked_.extract(number);
  if (!node.empty()) node.mapped()->done(answer);
}

// A server that is away is told of by the watches.
void AccessReviewer::SayWhy(const kube::ApiEnd& end) {
  const bool is_refused = end.how == kube::ApiEnd::How::kRefused;
  if (!is_refused || std::exchange(refusal_said_, true)) return;
  say_.warn("cluster " + client_.cluster().name +
            ": who may see its logs cannot be asked, nobody sees them: " + end.message);
}

}  // namespace tailrace
