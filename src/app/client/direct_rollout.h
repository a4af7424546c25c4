// `tailrace rollout --direct`: a rollout straight from the cluster to the terminal, without a
// server.
#pragma once

#include <string>

namespace tailrace {

struct RolloutArguments;

struct NamedWorkload {
  std::string kind;  ///< "Deployment", as in the label of logs.
  std::string name;
};

/// Follows the rollout that is under way or begins within seconds, by the code by which a server
/// does, until its verdict; the exit code. If there is none, what `kubectl rollout status` says.
int RunDirectRollout(const RolloutArguments& arguments, const NamedWorkload& workload);

}  // namespace tailrace
