// /healthz, /readyz and /metrics.
#include <atomic>

#include "server/handlers/handlers.h"
#include "server/metrics.h"

namespace tailrace {
namespace {

// Walks through all workers, each of which adds its share on its own thread, and comes back.
struct Collection {
  std::vector<WorkerStats> workers;
  size_t next = 0;
};

void CollectFrom(ServerShared& shared, const Reply& reply, std::shared_ptr<Collection> collection) {
  if (collection->next == shared.workers.size()) {
    reply.worker().loop().Post([&shared, reply, collection] {
      reply.Send(MakeAnswer(200, "text/plain; version=0.0.4; charset=utf-8",
                            MetricsText(shared, collection->workers)));
    });
    return;
  }
  Worker& worker = *shared.workers[collection->next++];
  worker.loop().Post([&shared, &worker, reply, collection = std::move(collection)] {
    collection->workers.push_back(worker.Stats());
    CollectFrom(shared, reply, collection);
  });
}

}  // namespace

void HandleHealth(Call& call) {
  call.reply.Send(MakeAnswer(200, "text/plain", "ok\n"));
}

void HandleReady(Call& call) {
  const StoreStats store = call.worker.store().Stats();
  if (call.worker.draining()) {
    call.reply.Send(ProblemAnswer(Error{ErrorCode::kUnavailable, "the server is stopping"}));
  } else if (store.failed) {
    call.reply.Send(ProblemAnswer(Error{ErrorCode::kUnavailable, "the store: " + store.failure}));
  } else if (!store.waiting.empty()) {
    call.reply.Send(
        ProblemAnswer(Error{ErrorCode::kUnavailable, "the store waits: " + store.waiting}));
  } else {
    call.reply.Send(MakeAnswer(200, "text/plain", "ready\n"));
  }
}

void HandleMetrics(Call& call) {
  CollectFrom(call.worker.shared(), call.reply, std::make_shared<Collection>());
}

}  // namespace tailrace
