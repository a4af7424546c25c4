// list, end and delete: one request each, or a few pages.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>

#include "app/client/client_json.h"
#include "app/client/commands.h"
#include "app/client/tail_printer.h"
#include "app/client/verb.h"
#include "base/text.h"

namespace tailrace {
namespace {

constexpr uint64_t kListPage = 500;

using Row = std::array<std::string, 5>;

std::string StateText(const ClientLog& log) {
  if (!log.outcome) return log.state;
  std::string text(OutcomeName(log.outcome->kind));
  const int64_t code = log.outcome->exit_code.value_or(0);
  return code == 0 ? text : text + " (" + std::to_string(code) + ")";
}

// Columns two blanks apart, the last one as long as it is.
void PrintTable(const std::vector<Row>& rows) {
  std::array<size_t, 5> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::puts(line.c_str());
  }
}

Row RowOf(const ClientLog& log) {
  std::string title;
  AppendForTerminal(title, log.title);
  std::ranges::replace(title, '\n', ' ');
  // Seconds are enough for people.
  std::string created = log.created.substr(0, 19) + "Z";
  return {log.type + "/" + log.id, StateText(log), std::to_string(log.position), created, title};
}

std::string ListPath(const ListArguments& arguments, uint64_t limit, const std::string& after) {
  std::string path = "/api/v1/logs?limit=" + std::to_string(limit);
  const auto add = [&path](const char* name, const std::string& value) {
    if (!value.empty()) path.append("&").append(name).append("=").append(QueryEscape(value));
  };
  add("type", arguments.type);
  add("state", arguments.state);
  add("q", arguments.text);
  for (const std::string& label : arguments.labels) add("label", label);
  add("after", after);
  return path;
}

int Concluded(const HttpReply& reply, const HttpClient& client) {
  return reply.Ok() ? kExitOk : ComplainAbout(reply, client);
}

}  // namespace

int RunList(const ListArguments& arguments) {
  auto config = ClientConfig::FromEnvironment();
  if (!config) {
    Complain(config.error().message);
    return kExitUsage;
  }
  HttpClient client(std::move(*config));
  std::vector<Row> rows = {{"LOG", "STATE", "LINES", "CREATED", "TITLE"}};
  std::string after;
  for (uint64_t left = arguments.limit; left > 0;) {
    const HttpReply reply =
        client.Send({.path = ListPath(arguments, std::min(left, kListPage), after)});
    if (!reply.Ok()) return ComplainAbout(reply, client);
    const auto list = ReadList(reply.body);
    if (!list) {
      Complain(list.error().message);
      return kExitFailure;
    }
    for (const ClientLog& log : list->logs) {
      if (arguments.json) {
        std::puts(log.json.c_str());
      } else {
        rows.push_back(RowOf(log));
      }
    }
    left -= std::min<uint64_t>(left, list->logs.size());
    after = list->next;
    if (after.empty() || list->logs.empty()) break;
  }
  if (!arguments.json) PrintTable(rows);
  if (!after.empty() && !arguments.json) {
    Complain("there are more; --limit shows more of them");
  }
  return kExitOk;
}

int RunEnd(const EndArguments& arguments) {
  auto target = FindTarget(arguments.log);
  if (!target) return kExitUsage;
  const Outcome outcome{*ParseOutcomeKind(arguments.outcome), arguments.exit_code,
                        arguments.reason};
  std::string body = "{";
  AppendOutcomeFields(body, outcome);
  body += "}";
  HttpClient client(std::move(target->config));
  return Concluded(client.Send({.method = "POST",
                                .path = LogPath(target->key) + "/end",
                                .headers = {},
                                .body = body,
                                .content_type = "application/json"}),
                   client);
}

int RunLink(const LinkArguments& arguments) {
  const bool one = !arguments.log.empty();
  if (one == arguments.revoke_all) {
    Complain("link: name a log, or say --revoke-all");
    return kExitUsage;
  }
  if (arguments.revoke_all) {
    auto config = ClientConfig::FromEnvironment();
    if (!config) {
      Complain(config.error().message);
      return kExitUsage;
    }
    HttpClient client(std::move(*config));
    return Concluded(client.Send({.method = "DELETE", .path = "/api/v1/links"}), client);
  }
  auto target = FindTarget(arguments.log);
  if (!target) return kExitUsage;
  const std::string url = target->config.url;
  const std::string body =
      "{\"expires_s\":" + std::to_string(std::max<uint64_t>(1, arguments.expires_ms / 1000)) + "}";
  HttpClient client(std::move(target->config));
  const HttpReply reply = client.Send({.method = "POST",
                                       .path = LogPath(target->key) + "/links",
                                       .headers = {},
                                       .body = body,
                                       .content_type = "application/json"});
  if (!reply.Ok()) return ComplainAbout(reply, client);
  const Result<std::string> path = ReadLinkPath(reply.body);
  if (!path) {
    Complain("the server's answer is not understood: " + path.error().message);
    return kExitUnavailable;
  }
  std::puts((url + *path).c_str());
  return kExitOk;
}

int RunDelete(const DeleteArguments& arguments) {
  auto target = FindTarget(arguments.log);
  if (!target) return kExitUsage;
  if (!arguments.yes && ::isatty(STDIN_FILENO) != 0) {
    std::fprintf(stderr, "Delete %s and all its lines at %s? [y/N] ", target->key.Path().c_str(),
                 target->config.url.c_str());
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") {
      Complain("not deleted");
      return kExitFailure;
    }
  }
  HttpClient client(std::move(target->config));
  return Concluded(client.Send({.method = "DELETE", .path = LogPath(target->key)}), client);
}

}  // namespace tailrace
