// Everything that is worth a note in an object as it is now. Whoever calls keeps apart what was
// told before (ToldNotes).
#pragma once

#include <string>
#include <vector>

#include "rollout/note.h"
#include "rollout/objects.h"

namespace tailrace {

/// Scheduled or why not, waiting containers and why, readiness, evictions, deletion. That
/// containers begin and exit is told by who follows their lines, in their order.
void AddPodNotes(const Pod& pod, std::vector<Note>& notes);

/// Counts of kubectl's verdict, replicas, pauses, conditions that are trouble.
void AddWorkloadNotes(const Workload& workload, std::vector<Note>& notes);

/// An event of the cluster; one that repeats is told when its count has doubled. Nothing for
/// events that say what the pod's status says too.
void AddEventNotes(const KubeEvent& event, std::vector<Note>& notes);

/// "deployment/web", "pod/web"
std::string WorkloadSource(const Workload& workload);

/// "exited with code 3 (Error)", "was killed by signal 9 (OOMKilled)"
std::string ExitWords(const ContainerLife& life);

}  // namespace tailrace
