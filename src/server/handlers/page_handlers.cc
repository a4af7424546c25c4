// The page and its files, from inside the program.
#include "http/negotiate.h"
#include "server/assets.h"
#include "server/handlers/handlers.h"

namespace tailrace {
namespace {

/// What other people's pages load: the only thing here that is meant for them.
constexpr std::string_view kComponent = "/assets/tailrace-log.js";

void AnswerAsset(Call& call, const Asset& asset) {
  Answer answer;
  Headers& headers = answer.headers;
  headers.Add("Content-Type", asset.content_type);
  AddLinkCookie(call, headers);
  if (!headers.Has("Cache-Control")) {
    headers.Add("Cache-Control",
                asset.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  }
  headers.Add("ETag", asset.etag);
  headers.Add("Vary", "Accept-Encoding");
  AddPageHeaders(call, headers);
  if (asset.path == kComponent && !headers.Has("Cross-Origin-Resource-Policy")) {
    headers.Add("Cross-Origin-Resource-Policy", "cross-origin");
  }
  const bool gzip = !asset.gzip_bytes.empty() && AcceptsGzip(call.head.headers);
  if (NoneMatchFits(call.head.headers, asset.etag)) {
    answer.status = 304;
  } else if (gzip) {
    headers.Add("Content-Encoding", "gzip");
    answer.body = asset.gzip_bytes;
  } else {
    answer.body = asset.bytes;
  }
  call.reply.Send(std::move(answer));
}

}  // namespace

void AddPageHeaders(const Call& call, Headers& headers) {
  headers.Add("Content-Security-Policy", call.worker.shared().content_security_policy);
  headers.Add("Referrer-Policy", "same-origin");
  headers.Add("Cross-Origin-Opener-Policy", "same-origin");
  if (call.worker.config().frame_ancestors.empty()) return;
  // A site that isolates itself embeds only what says that it may be embedded.
  headers.Add("Cross-Origin-Resource-Policy", "cross-origin");
}

void HandleIndexPage(Call& call) {
  AnswerAsset(call, call.worker.shared().index_page.asset());
}

void HandleAsset(Call& call) {
  if (call.path == "/index.html") return HandleIndexPage(call);
  const bool reads = call.head.method == Method::kGet || call.head.method == Method::kHead;
  const Asset* asset = reads ? FindAsset(call.path) : nullptr;
  if (asset != nullptr) {
    AnswerAsset(call, *asset);
  } else {
    call.reply.Send(ProblemAnswer(Error{ErrorCode::kNotFound, "there is nothing at this path"}));
  }
}

}  // namespace tailrace
