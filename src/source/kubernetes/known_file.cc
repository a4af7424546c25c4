#include "source/kubernetes/known_file.h"

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace tailrace {
namespace {

constexpr size_t kMaxNameBytes = 100;
constexpr size_t kMaxFileBytes = 64 << 20;

}  // namespace

// Two long names may share a file; then only one cluster's is of use, and it says whose it is.
std::string KnownFilePath(const std::string& folder, const std::string& cluster) {
  std::string name;
  for (const char c : cluster.substr(0, kMaxNameBytes)) {
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  }
  return folder + "/kubernetes-" + name + ".json";
}

std::optional<KnownRevisions> ReadKnownFile(const std::string& path, const std::string& cluster) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in.is_open() || in.tellg() > static_cast<std::streamoff>(kMaxFileBytes)) return std::nullopt;
  in.seekg(0);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto name = json.find("cluster");
  const auto until = json.find("until");
  const auto revisions = json.find("revisions");
  const bool is_whole = name != json.end() && name->is_string() && until != json.end() &&
                        until->is_number_integer() && revisions != json.end() &&
                        revisions->is_object();
  if (!is_whole || name->get<std::string>() != cluster) return std::nullopt;
  KnownRevisions known{.until = until->get<TimeNs>()};
  for (const auto& [uid, revision] : revisions->items()) {
    if (!revision.is_string()) return std::nullopt;
    known.revisions.emplace(uid, revision.get<std::string>());
  }
  return known;
}

Result<void> WriteKnownFile(const std::string& path, const std::string& cluster,
                            const KnownRevisions& known) {
  const nlohmann::json json = {
      {"cluster", cluster}, {"until", known.until}, {"revisions", known.revisions}};
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << '\n';
  out.close();
  if (out.fail() || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
  }
  return {};
}

}  // namespace tailrace
