#include <cstdio>

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
  std::vector<Examined> all;
  for (const std::string& url : urls) {
    ClientConfig one = *config;
    one.url = url;
    HttpClient client(std::move(one));
    Examined& examined = all.emplace_back();
    examined.sight.url = url;
    examined.sight.proxy = arguments.proxy;
    examined.sight.first = all.size() == 1;
    LookAt(client, arguments.silence_ms, examined.sight);
    examined.findings = Diagnose(examined.sight);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string report = arguments.json ? ReportJson(all, i) : ReportText(all, i);
    std::fwrite(report.data(), 1, report.size(), stdout);
  }
  std::fflush(stdout);
  return ExitOf(all);
}

}  // namespace tailrace
