#include "app/client/append_transport.h"

namespace tailrace {

AppendTransport::AppendTransport(ClientConfig config, LogKey key, std::string producer)
    : client_(std::move(config)), key_(std::move(key)), producer_(std::move(producer)) {}

DeliveryReply AppendTransport::Send(const DeliveryStep& step) {
  HttpRequest request{.method = "POST",
                      .path = LogPath(key_),
                      .headers = {},
                      .body = *step.body,
                      .content_type = "application/json"};
  switch (step.kind) {
    case DeliveryStep::Kind::kCreate:
      request.method = "PUT";
      break;
    case DeliveryStep::Kind::kEnd:
      request.path += "/end";
      break;
    default:
      request.path += "/entries";
      request.content_type = "application/x-ndjson";
      request.headers = {"Tailrace-Producer: " + producer_,
                         "Tailrace-Sequence: " + std::to_string(step.sequence)};
  }
  const HttpReply reply = client_.Send(request);
  if (reply.Ok()) return {.status = reply.status};
  return {.status = reply.status,
          .problem = ProblemText(reply),
          .retry_after_ms = reply.retry_after_ms,
          .expected = reply.status == 409 ? ProblemNumber(reply, "expected") : std::nullopt};
}

}  // namespace tailrace
