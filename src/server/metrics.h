// What /metrics says (Prometheus text format).
#pragma once

#include <string>
#include <vector>

#include "server/worker.h"

namespace tailrace {

std::string MetricsText(const ServerShared& shared, const std::vector<WorkerStats>& workers);

}  // namespace tailrace
