#include "kubernetes/credentials.h"

#include <simdjson.h>

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "kubernetes/small_file.h"

namespace tailrace::kube {
namespace {

std::string Stripped(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  return std::string(text);
}

bool FitsHeader(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

Result<std::string> ReadPem(const PemSource& source) {
  if (source.file.empty()) return source.data;
  return ReadSmallFile(source.file);
}

std::string TextAt(simdjson::dom::element object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return "";
  return std::string(text);
}

}  // namespace

Credentials::Credentials(Loop& loop, const ClusterConfig& cluster, const Clock& clock,
                         uint64_t file_age_ms)
    : loop_(loop), cluster_(cluster), clock_(clock), file_age_ms_(file_age_ms) {}

Credentials::~Credentials() = default;

bool Credentials::PluginIsFresh() const {
  if (plugin_ == nullptr) return false;
  constexpr TimeNs kLeeway = kExpiryLeewaySeconds * 1'000'000'000;
  return plugin_->expires == 0 || clock_.Now() < plugin_->expires - kLeeway;
}

void Credentials::Get(Done done) {
  if (UsesPlugin() && !PluginIsFresh()) {
    waiting_.push_back(std::move(done));
    if (run_ == nullptr) RunPlugin();
    return;
  }
  done(Read());
}

bool Credentials::Renew(const IdentityPtr& used) {
  const UserConfig& user = cluster_.user;
  const bool can = UsesPlugin() || !user.token_file.empty() || !user.certificate.file.empty();
  if (!can) return false;
  if (used == current_) {
    read_ms_ = 0;
    current_.reset();
    plugin_.reset();
  }
  return true;
}

Result<Credentials::IdentityPtr> Credentials::Read() {
  const uint64_t now_ms = loop_.NowMs();
  if (current_ != nullptr && now_ms - read_ms_ < file_age_ms_) return current_;
  Result<Identity> fresh = ReadFiles();
  if (!fresh) {
    // In the middle of a rotation, perhaps: what there is may still be good.
    if (current_ != nullptr) return current_;
    return Fail(fresh.error());
  }
  read_ms_ = now_ms;
  const bool same = current_ != nullptr && current_->header_lines == fresh->header_lines &&
                    current_->ca == fresh->ca && current_->certificate == fresh->certificate &&
                    current_->key == fresh->key;
  if (!same) current_ = std::make_shared<const Identity>(std::move(*fresh));
  return current_;
}

Result<Identity> Credentials::ReadFiles() const {
  const UserConfig& user = cluster_.user;
  Identity identity;
  std::string token = user.token;
  for (const auto& [source, into] :
       {std::pair(&cluster_.ca, &identity.ca), std::pair(&user.certificate, &identity.certificate),
        std::pair(&user.key, &identity.key)}) {
    auto pem = ReadPem(*source);
    if (!pem) return Fail(pem.error());
    *into = std::move(*pem);
  }
  if (!user.token_file.empty()) {
    auto content = ReadSmallFile(user.token_file);
    if (!content) return Fail(content.error());
    token = Stripped(*content);
    if (token.empty()) return Fail(ErrorCode::kUnavailable, user.token_file + ": is empty");
    if (!FitsHeader(token)) {
      return Fail(ErrorCode::kInvalid,
                  user.token_file + ": is no token: it has control characters");
    }
  }
  if (plugin_ != nullptr) {
    if (!plugin_->token.empty()) token = plugin_->token;
    if (!plugin_->certificate.empty()) {
      identity.certificate = plugin_->certificate;
      identity.key = plugin_->key;
    }
  }
  if (!token.empty()) {
    identity.header_lines.push_back("Authorization: Bearer " + token);
  } else if (!user.username.empty()) {
    std::string line = "Authorization: Basic ";
    AppendBase64(line, user.username + ":" + user.password);
    identity.header_lines.push_back(std::move(line));
  }
  for (const auto& [name, value] : user.impersonate) {
    identity.header_lines.push_back(name + ": " + value);
  }
  return identity;
}

// ------------------------------------------------------------------------------------------------
// Plugins: client.authentication.k8s.io, "ExecCredential"

std::string Credentials::PluginInfo() const {
  const ExecPlugin& exec = cluster_.user.exec;
  std::string info = R"({"kind":"ExecCredential","apiVersion":)";
  AppendJsonString(info, exec.api_version);
  info += R"(,"spec":{"interactive":false)";
  if (exec.provide_cluster_info) {
    info += R"(,"cluster":{"server":)";
    AppendJsonString(info, cluster_.server);
    if (!cluster_.tls_server_name.empty()) {
      info += R"(,"tls-server-name":)";
      AppendJsonString(info, cluster_.tls_server_name);
    }
    if (cluster_.skip_tls_verify) info += R"(,"insecure-skip-tls-verify":true)";
    if (const auto ca = ReadPem(cluster_.ca); ca && !ca->empty()) {
      info += R"(,"certificate-authority-data":")";
      AppendBase64(info, *ca);
      info += '"';
    }
    info += '}';
  }
  return info + "}}";
}

void Credentials::RunPlugin() {
  const ExecPlugin& exec = cluster_.user.exec;
  PluginCommand command{.command = exec.command, .arguments = exec.arguments};
  Environment environment = ProcessEnvironment();
  for (const auto& [name, value] : exec.environment) environment[name] = value;
  environment["KUBERNETES_EXEC_INFO"] = PluginInfo();
  for (const auto& [name, value] : environment) command.environment.push_back(name + "=" + value);
  run_ = std::make_unique<PluginRun>(
      loop_, command, [this](Result<std::string> output) { OnPlugin(std::move(output)); });
}

void Credentials::OnPlugin(Result<std::string> output) {
  Result<PluginAnswer> answer =
      output ? ParseAnswer(*output) : Result<PluginAnswer>(Fail(output.error()));
  if (!answer && !cluster_.user.exec.install_hint.empty()) {
    Error error = answer.error();
    error.message += " (" + cluster_.user.exec.install_hint + ")";
    answer = Fail(std::move(error));
  }
  const std::unique_ptr<PluginRun> ended = std::move(run_);
  if (answer) {
    plugin_ = std::make_unique<PluginAnswer>(std::move(*answer));
    read_ms_ = 0;
    current_.reset();
  }
  std::vector<Done> waiting = std::move(waiting_);
  waiting_.clear();
  for (Done& done : waiting) done(answer ? Read() : Fail(answer.error()));
}

Result<Credentials::PluginAnswer> Credentials::ParseAnswer(const std::string& output) const {
  const ExecPlugin& exec = cluster_.user.exec;
  const auto bad = [&](const std::string& what) {
    return Fail(ErrorCode::kInvalid, "the exec plugin '" + exec.command + "' " + what);
  };
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(output).get(root) != simdjson::SUCCESS) return bad("does not answer in JSON");
  if (TextAt(root, "kind") != "ExecCredential" || TextAt(root, "apiVersion") != exec.api_version) {
    return bad("does not answer with an ExecCredential of " + exec.api_version);
  }
  simdjson::dom::element status;
  if (root["status"].get(status) != simdjson::SUCCESS) return bad("answers without status");
  PluginAnswer answer{.token = TextAt(status, "token"),
                      .certificate = TextAt(status, "clientCertificateData"),
                      .key = TextAt(status, "clientKeyData")};
  if (answer.token.empty() && answer.certificate.empty()) {
    return bad("answers without status.token and status.clientCertificateData");
  }
  if (answer.certificate.empty() != answer.key.empty()) {
    return bad("answers with only one of clientCertificateData and clientKeyData");
  }
  if (!FitsHeader(answer.token)) return bad("answers with control characters in status.token");
  if (const std::string expires = TextAt(status, "expirationTimestamp"); !expires.empty()) {
    const auto time = ParseRfc3339(expires);
    if (!time) return bad("answers with a status.expirationTimestamp that is no time");
    answer.expires = *time;
  }
  return answer;
}

}  // namespace tailrace::kube
