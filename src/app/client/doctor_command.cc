#include <cstdio>
#include <fstream>

#include "app/client/commands.h"
#include "app/client/doctor_probe.h"
#include "app/client/doctor_report.h"
#include "app/client/verb.h"

namespace tailrace {
namespace {

int ExitOf(const std::vector<Examined>& all) {
  bool fault = false;
  for (const Examined& one : all) fault = fault || HasFault(one.findings);
  const auto first_has = [&all](std::string_view id) {
    return HasFinding(all.front().findings, id);
  };
  if (first_has(kDoctorUnreachable) || first_has(kDoctorBusy)) return kExitUnavailable;
  if (first_has(kDoctorNotPermitted)) return kExitNotPermitted;
  return fault ? kExitFailure : kExitOk;
}

// The cookie is no argument, as those are seen by everybody on the machine.
Result<std::string> ReadCookie(const std::string& file) {
  std::string cookie;
  if (file.empty()) return cookie;
  std::ifstream in(file);
  if (!std::getline(in, cookie) || cookie.empty()) {
    return Fail(ErrorCode::kInvalid, "--cookie-file: " + file + " has no cookie in its first line");
  }
  if (cookie.find('\r') != std::string::npos) {
    return Fail(ErrorCode::kInvalid, "--cookie-file: " + file + " has a carriage return in it");
  }
  return cookie;
}

std::vector<Examined> Examine(const std::vector<std::string>& urls, const ClientConfig& config,
                              const std::string& cookie, const DoctorArguments& arguments) {
  std::vector<Examined> all;
  for (const std::string& url : urls) {
    ClientConfig one = config;
    one.url = url;
    HttpClient client(std::move(one));
    Examined& examined = all.emplace_back();
    examined.sight.url = url;
    examined.sight.proxy = arguments.proxy;
    examined.sight.first = all.size() == 1;
    LookAt(client, arguments.silence_ms, cookie, examined.sight);
    examined.findings = Diagnose(examined.sight);
  }
  return all;
}

}  // namespace

int RunDoctor(const DoctorArguments& arguments) {
  auto config = ClientConfig::FromEnvironment();
  if (!config) {
    Complain(config.error().message);
    return kExitUsage;
  }
  std::vector<std::string> urls = arguments.urls;
  if (urls.empty()) urls.push_back(config->url);
  for (std::string& url : urls) {
    while (url.ends_with('/')) url.pop_back();
    if (url.starts_with("http://") || url.starts_with("https://")) continue;
    Complain("'" + url + "' must begin with http:// or https://");
    return kExitUsage;
  }
  const Result<std::string> cookie = ReadCookie(arguments.cookie_file);
  if (!cookie) {
    Complain(cookie.error().message);
    return kExitUsage;
  }
  const std::vector<Examined> all = Examine(urls, *config, *cookie, arguments);
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string report = arguments.json ? ReportJson(all, i) : ReportText(all, i);
    std::fwrite(report.data(), 1, report.size(), stdout);
  }
  std::fflush(stdout);
  return ExitOf(all);
}

}  // namespace tailrace
