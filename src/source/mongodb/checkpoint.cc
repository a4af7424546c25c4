#include "source/mongodb/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace tailrace {
namespace {

constexpr size_t kMaxFileBytes = 16 << 20;

std::unexpected<Error> FailErrno(const std::string& path) {
  return Fail(ErrorCode::kUnavailable, path + ": " + std::strerror(errno));
}

Result<void> WriteSynced(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return FailErrno(path);
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(fd, text.data() + written, text.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    written += static_cast<size_t>(count);
  }
  const bool ok = written == text.size() && fsync(fd) == 0;
  const int problem = errno;
  close(fd);
  errno = problem;
  if (!ok) return FailErrno(path);
  return {};
}

Result<void> SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FailErrno(path);
  const bool ok = fsync(fd) == 0;
  close(fd);
  if (!ok) return FailErrno(path);
  return {};
}

}  // namespace

MongoCheckpoint ReadCheckpoint(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  MongoCheckpoint checkpoint;
  if (!in.is_open() || text.size() > kMaxFileBytes) return checkpoint;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("epoch") || !json["epoch"].is_string() ||
      !json.contains("state") || !json["state"].is_string() || !json.contains("unfinished") ||
      !json["unfinished"].is_array()) {
    return checkpoint;
  }
  for (const auto& path_json : json["unfinished"]) {
    if (!path_json.is_string()) return {};
    auto key = ParseLogKey(path_json.get<std::string>());
    if (!key) return {};
    checkpoint.unfinished.push_back(std::move(*key));
  }
  checkpoint.epoch = json["epoch"].get<std::string>();
  checkpoint.state = json["state"].get<std::string>();
  return checkpoint;
}

Result<void> WriteCheckpoint(const std::string& path, const MongoCheckpoint& checkpoint) {
  nlohmann::json json = {{"epoch", checkpoint.epoch},
                         {"state", checkpoint.state},
                         {"unfinished", nlohmann::json::array()}};
  for (const LogKey& key : checkpoint.unfinished) json["unfinished"].push_back(key.Path());
  const std::string next = path + ".new";
  const std::string text = json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (auto ok = WriteSynced(next, text + "\n"); !ok) return ok;
  if (rename(next.c_str(), path.c_str()) != 0) return FailErrno(path);
  return SyncDirectory(std::filesystem::absolute(path).parent_path().string());
}

}  // namespace tailrace
