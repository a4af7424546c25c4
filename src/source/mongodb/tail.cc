#include "source/mongodb/tail.h"

namespace tailrace {
namespace {

Result<std::unique_ptr<Tail>> OpenKind(bool streams, const TailOptions& options,
                                       const std::string& state, TailShared& shared) {
  auto client = MongoClient::Make(options.address);
  if (!client) return Fail(client.error());
  if (streams) return OpenChangeStream(std::move(*client), state, shared);
  return OpenPolling(std::move(*client), options, state, shared);
}

}  // namespace

Result<OpenedTail> OpenTail(const TailOptions& options, const std::string& state,
                            TailShared& shared) {
  OpenedTail opened{.streams = options.mode == TailMode::kStream};
  if (options.mode == TailMode::kAuto) {
    auto client = MongoClient::Make(options.address);
    if (!client) return Fail(client.error());
    const Result<MongoHello> hello = (*client)->Hello();
    if (!hello) return Fail(hello.error());
    opened.streams = hello->has_change_streams;
  }
  auto tail = OpenKind(opened.streams, options, state, shared);
  opened.continuous = !state.empty() && tail;
  if (!tail && tail.error().code == ErrorCode::kConflict) {
    tail = OpenKind(opened.streams, options, "", shared);
  }
  if (!tail) return Fail(tail.error());
  opened.tail = std::move(*tail);
  return opened;
}

}  // namespace tailrace
