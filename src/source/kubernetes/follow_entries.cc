#include "source/kubernetes/follow_entries.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "rollout/note.h"

namespace tailrace {
namespace {

std::string Fields(std::string_view kind, const FollowTarget& target, std::string_view life_id,
                   uint64_t restart, std::optional<int> code = std::nullopt) {
  nlohmann::ordered_json fields;
  fields["key"] = std::string(kind) + "/" + target.pod_uid + "/" + target.container;
  fields["container_id"] = life_id;
  fields["restart"] = restart;
  if (code) fields["code"] = *code;
  return fields.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

EntryRun EventEntry(const FollowTarget& target, TimeNs time, std::string_view text,
                    std::string_view fields, std::string_view level,
                    std::optional<uint64_t> lost = std::nullopt) {
  EntryRun run;
  run.Add(Entry{.time = time,
                .text = text,
                .stream = kEventStream,
                .source = target.source,
                .level = level,
                .fields = fields,
                .lost = lost});
  return run;
}

std::string TextField(const nlohmann::json& fields, const char* name) {
  const auto found = fields.find(name);
  return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string();
}

uint64_t NumberField(const nlohmann::json& fields, const char* name) {
  const auto found = fields.find(name);
  return found != fields.end() && found->is_number_unsigned() ? found->get<uint64_t>() : 0;
}

using Json = nlohmann::json;

Json SaveAnchor(const ResumePoint::Anchor& anchor) {
  return {anchor.since_s ? Json(*anchor.since_s) : Json(), anchor.first, anchor.lines};
}

ResumePoint::Anchor RestoreAnchor(const Json& saved) {
  ResumePoint::Anchor anchor{.first = saved.at(1), .lines = saved.at(2)};
  if (!saved.at(0).is_null()) anchor.since_s = saved.at(0).get<int64_t>();
  return anchor;
}

Json SavePoint(const ResumePoint& point) {
  return {{"id", point.container_id},
          {"complete", point.complete},
          {"lines", point.lines},
          {"stamps", {point.first, point.last, point.latest}},
          {"equal", point.equal},
          {"pieces", point.pieces},
          {"long", point.long_line},
          {"older", SaveAnchor(point.older)},
          {"newer", SaveAnchor(point.newer)},
          {"after_gap", point.after_gap}};
}

ResumePoint RestorePoint(const Json& saved) {
  const Json& stamps = saved.at("stamps");
  return {.container_id = saved.at("id"),
          .complete = saved.at("complete"),
          .lines = saved.at("lines"),
          .first = stamps.at(0),
          .last = stamps.at(1),
          .latest = stamps.at(2),
          .equal = saved.at("equal"),
          .pieces = saved.at("pieces"),
          .long_line = saved.at("long"),
          .older = RestoreAnchor(saved.at("older")),
          .newer = RestoreAnchor(saved.at("newer")),
          .after_gap = saved.at("after_gap")};
}

}  // namespace

EntryRun StartEntry(const FollowTarget& target, const ContainerInstance& life, uint64_t restart,
                    TimeNs time) {
  std::string text = "container " + target.container + " started";
  if (restart > 0) text += " again (restart " + std::to_string(restart) + ")";
  return EventEntry(target, time, text, Fields("start", target, life.id, restart), "info");
}

EntryRun ExitEntry(const FollowTarget& target, const ContainerInstance& life, uint64_t restart) {
  std::string text = "container " + target.container;
  if (life.signal != 0) {
    text += " was killed by signal " + std::to_string(life.signal);
  } else {
    text += " exited with code " + std::to_string(life.exit_code);
  }
  if (!life.reason.empty()) text += " (" + life.reason + ")";
  if (life.started != 0 && life.finished >= life.started) {
    text += " after " + std::to_string((life.finished - life.started) / 1'000'000'000) + " s";
  }
  const bool good = life.exit_code == 0 && life.signal == 0;
  return EventEntry(target, life.finished, text,
                    Fields("exit", target, life.id, restart, life.exit_code),
                    good ? "info" : "error");
}

EntryRun GapEntry(const FollowTarget& target, std::string_view life_id, uint64_t restart,
                  std::string_view what, TimeNs time) {
  return EventEntry(target, time, what, Fields("gap", target, life_id, restart), "warning",
                    kLostUnknown);
}

EntryRun MoveEntry(const FollowTarget& target, std::string_view life_id, uint64_t restart,
                   TimeNs time) {
  const std::string text = "what stands above of container " + target.container +
                           " was printed behind its restart " + std::to_string(restart) +
                           ", before that was known";
  return EventEntry(target, time, text, Fields("move", target, life_id, restart), "info");
}

void FollowRecovery::Take(const Entry& entry) {
  if (entry.stream == kEventStream) return TakeEvent(entry);
  const auto found = by_source_.find(entry.source);
  if (found == by_source_.end()) return;
  Followed& followed = by_container_[found->second];
  ResumePoint& point = followed.before.point;
  followed.line_bytes += entry.text.size();
  if (entry.partial) {
    ++point.pieces;
    return;
  }
  point.Saw(entry.time, followed.line_bytes);
  followed.line_bytes = 0;
}

void FollowRecovery::TakeEvent(const Entry& entry) {
  if (entry.fields.empty() || entry.source.empty()) return;
  const auto fields = nlohmann::json::parse(entry.fields, nullptr, false);
  if (!fields.is_object()) return;
  const std::string key = TextField(fields, "key");
  const size_t slash = key.find('/');
  if (slash == std::string::npos) return;
  const std::string kind = key.substr(0, slash);
  if (kind != "start" && kind != "exit" && kind != "gap" && kind != "move") return;
  const std::string container = key.substr(slash + 1);
  Followed& followed = by_container_[container];
  by_source_.insert_or_assign(std::string(entry.source), container);
  FollowedBefore& before = followed.before;
  const std::string id = TextField(fields, "container_id");
  if (kind == "start") {
    const bool known = before.later && before.later->container_id == id;
    before.point = known ? *before.later : ResumePoint{.container_id = id};
    before.later.reset();
    before.restart = NumberField(fields, "restart");
    followed.line_bytes = 0;
  } else if (kind == "move") {
    before.later =
        std::exchange(before.point, ResumePoint{.container_id = before.point.container_id});
    before.later->container_id = id;
  } else if (kind == "exit") {
    before.point.complete = true;
  } else {
    before.point.SawGap();
  }
}

std::optional<FollowedBefore> FollowRecovery::Find(std::string_view pod_uid,
                                                   std::string_view container) const {
  const auto found = by_container_.find(std::string(pod_uid) + "/" + std::string(container));
  if (found == by_container_.end()) return std::nullopt;
  return found->second.before;
}

std::string FollowRecovery::Save() const {
  Json containers = Json::object();
  for (const auto& [key, followed] : by_container_) {
    const FollowedBefore& before = followed.before;
    Json& saved = containers[key];
    saved = {{"point", SavePoint(before.point)},
             {"restart", before.restart},
             {"line_bytes", followed.line_bytes}};
    if (before.later) saved["later"] = SavePoint(*before.later);
  }
  const Json saved = {{"containers", std::move(containers)}, {"sources", by_source_}};
  return saved.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool FollowRecovery::Restore(std::string_view text) try {
  const Json saved = Json::parse(text);
  for (const auto& [key, container] : saved.at("containers").items()) {
    Followed& followed = by_container_[key];
    followed.before.point = RestorePoint(container.at("point"));
    followed.before.restart = container.at("restart");
    followed.line_bytes = container.at("line_bytes");
    if (container.contains("later")) followed.before.later = RestorePoint(container.at("later"));
  }
  for (const auto& [source, key] : saved.at("sources").items()) by_source_[source] = key;
  return true;
} catch (const Json::exception&) {
  return false;
}

}  // namespace tailrace
