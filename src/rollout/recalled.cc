// What a Rollout has recalled of its log, as it is kept in a memo.
#include <map>
#include <nlohmann/json.hpp>

#include "rollout/rollout.h"

namespace tailrace {

std::string Rollout::Recalled() const {
  nlohmann::json told = nlohmann::json::array();
  for (const auto& [key, value] : std::map(told_.hashes().begin(), told_.hashes().end())) {
    told.push_back(key);
    told.push_back(value);
  }
  nlohmann::json recalled = {
      {"told", std::move(told)}, {"restarts", restarts_},      {"exits", exits_},
      {"trouble", trouble_},     {"probe", trouble_is_probe_}, {"error_line", error_line_},
      {"verdict", verdict_},     {"unstable", unstable_}};
  if (judged_) recalled["judged"] = *judged_;
  if (IsMissed()) recalled["missed"] = began_;
  return recalled.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool Rollout::Restore(std::string_view text) try {
  const auto recalled = nlohmann::json::parse(text);
  const auto told = recalled.at("told").get<std::vector<uint64_t>>();
  for (size_t i = 1; i < told.size(); i += 2) told_.RecallHash(told[i - 1], told[i]);
  recalled.at("restarts").get_to(restarts_);
  recalled.at("exits").get_to(exits_);
  recalled.at("trouble").get_to(trouble_);
  recalled.at("probe").get_to(trouble_is_probe_);
  recalled.at("error_line").get_to(error_line_);
  recalled.at("verdict").get_to(verdict_);
  recalled.at("unstable").get_to(unstable_);
  if (recalled.contains("judged")) judged_ = recalled.at("judged").get<TimeNs>();
  if (!recalled.contains("missed")) return true;
  lines_until_ = kNoLimit;
  BeganBy(recalled.at("missed").get<TimeNs>());
  return true;
} catch (const nlohmann::json::exception&) {
  return false;
}

}  // namespace tailrace
