#include "rollout/log_name.h"

#include <algorithm>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kUidFront = 8;
constexpr size_t kMaxAnnotationLabels = 32;
constexpr std::string_view kChangeCause = "kubernetes.io/change-cause";

std::string UidFront(const Workload& workload) {
  return workload.meta.uid.substr(0, kUidFront);
}

bool HasRevisions(const Workload& workload) {
  return workload.kind != WorkloadKind::kJob && workload.kind != WorkloadKind::kPod;
}

// Cuts what is too long in the middle of the workload's name; the UID then tells it from others.
std::string DefaultId(const Workload& workload) {
  const std::string revision = HasRevisions(workload) ? "." + workload.revision : "";
  std::string front = workload.meta.namespace_name + "." + workload.meta.name;
  if (front.size() + revision.size() + 1 + kUidFront > kMaxIdBytes) {
    front.resize(kMaxIdBytes - revision.size() - 2 * (1 + kUidFront));
    front += "~" + UidFront(workload);
  }
  return front + revision;
}

void AddName(LogNames& names, const std::string& type, const std::string& id) {
  if (auto key = MakeLogKey(type, id)) names.keys.push_back(std::move(*key));
}

bool IsDeployers(std::string_view annotation) {
  if (annotation == kChangeCause) return true;
  const std::string_view domain = annotation.substr(0, annotation.find('/'));
  const bool has_domain = domain.size() != annotation.size();
  return !domain.ends_with("kubernetes.io") && !domain.ends_with("k8s.io") &&
         annotation != kLogAnnotation && annotation != kTitleAnnotation &&
         annotation != kWriterLabel && (has_domain || !annotation.starts_with("deprecated."));
}

}  // namespace

LogNames NamesOfLog(const Workload& workload, const std::string& type) {
  LogNames names;
  const auto given = workload.meta.annotations.find(kLogAnnotation);
  if (given != workload.meta.annotations.end()) {
    const auto key = ParseLogKey(given->second);
    if (key) {
      const std::string revised = key->id + "." + workload.revision;
      names.keys.push_back(*key);
      if (HasRevisions(workload)) AddName(names, key->type, revised);
      AddName(names, key->type, revised + "-" + UidFront(workload));
    } else {
      names.problem = std::string(kLogAnnotation) + ": " + key.error().message;
    }
  }
  const std::string id = DefaultId(workload);
  if (names.keys.empty()) AddName(names, type, id);
  AddName(names, type, id + "-" + UidFront(workload));
  return names;
}

Labels LabelsOfLog(const Workload& workload, const std::string& cluster) {
  Labels labels;
  size_t left = kMaxAnnotationLabels;
  for (const auto& [name, value] : workload.meta.annotations) {
    const bool fits = !name.empty() && name.size() <= kMaxLabelBytes;
    if (left == 0 || !fits || !IsDeployers(name)) continue;
    labels.emplace(name, value);
    --left;
  }
  std::string images;
  for (const ContainerImage& image : workload.images) {
    if (!images.empty()) images += ", ";
    images += image.image;
  }
  images.resize(std::min(images.size(), kMaxLabelBytes));
  if (!images.empty()) labels["image"] = images;
  labels[kClusterLabel] = cluster;
  labels["namespace"] = workload.meta.namespace_name;
  labels["name"] = workload.meta.name;
  labels["kind"] = WorkloadKindName(workload.kind);
  labels[kRevisionLabel] = workload.revision;
  labels[kUidLabel] = workload.meta.uid;
  if (workload.kind == WorkloadKind::kJob && workload.meta.owner_kind == "CronJob") {
    labels["cronjob"] = workload.meta.owner_name;
  }
  return labels;
}

std::string TitleOfLog(const Workload& workload) {
  const auto given = workload.meta.annotations.find(kTitleAnnotation);
  if (given != workload.meta.annotations.end()) return given->second.substr(0, kMaxTitleBytes);
  std::string title = workload.meta.name;
  if (HasRevisions(workload)) title += ", revision " + workload.revision;
  return title + " (" + workload.meta.namespace_name + ")";
}

}  // namespace tailrace
