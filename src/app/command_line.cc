#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>

#include "app/access/access_verbs.h"
#include "app/client/commands.h"
#include "app/client/verb.h"
#include "app/completion.h"
#include "app/completion_verbs.h"
#include "app/config/value.h"
#include "app/serve_command.h"
#include "server/routes.h"

namespace tailrace {
namespace {

constexpr const char* kVersion = "tailrace " TAILRACE_VERSION;
const std::vector<std::string> kOutcomes = {"succeeded", "failed", "cancelled", "lost"};

// CLI11's help in our words.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (app->get_parent() == nullptr) return "Usage: " + name + " VERB [OPTIONS]\n";
    std::string usage = CLI::Formatter::make_usage(app, name);
    if (app->get_name() == "exec") usage.insert(usage.find_last_not_of('\n') + 1, " -- CMD...");
    return usage;
  }
};

// The tree of verbs and what parsing fills in. Lives until the verb has run.
class CommandTree {
 public:
  CommandTree() : app_("Tailrace shows logs live, and keeps them.", "tailrace") {
    app_.formatter(std::make_shared<HelpFormatter>());  // the verbs inherit it
    app_.set_version_flag("--version", kVersion, "Show the version");
    app_.set_help_flag("--help,-h", "Show this help");
    app_.footer(
        "TAILRACE_URL (http://127.0.0.1:8080) says where the server is, TAILRACE_TOKEN (or\n"
        "TAILRACE_TOKEN_FILE) who you are, TAILRACE_CA_FILE whose certificate to trust.\n`tailrace "
        "VERB --help` shows "
        "more, with an example.");
    AddServe();
    AddExec();
    AddPush();
    AddTail();
    AddRollout();
    AddList();
    AddEnd();
    AddLink();
    AddDelete();
    AddImport();
    AddDoctor();
    AddTokenFile();
    AddAccessVerbs(app_, access_,
                   [this](std::function<int()> action) { action_ = std::move(action); });
    AddCompletion();
  }

  int Run(int argc, char** argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.empty()) {
      std::cerr << app_.help();
      return kExitUsage;
    }
    if (!arguments[0].starts_with("-") && std::ranges::count(VerbNames(), arguments[0]) == 0) {
      Complain("there is no verb '" + arguments[0] + "'" + DidYouMean(arguments[0], VerbNames()) +
               " (`tailrace --help` lists them)");
      return kExitUsage;
    }
    TakeCommand(arguments);
    std::ranges::reverse(arguments);  // As CLI11 wants them.
    try {
      app_.parse(arguments);
    } catch (const CLI::Success& success) {
      return app_.exit(success);  // --help, --version
    } catch (const CLI::ParseError& error) {
      return ComplainAboutUse(error);
    }
    return action_ ? action_() : kExitUsage;
  }

 private:
  // What stands behind exec's "--" is the command's, whatever it looks like.
  void TakeCommand(std::vector<std::string>& arguments) {
    if (arguments[0] != "exec") return;
    const auto mark = std::ranges::find(arguments, "--");
    if (mark == arguments.end()) return;
    exec_.command.assign(mark + 1, arguments.end());
    arguments.erase(mark, arguments.end());
  }

  std::vector<std::string> VerbNames() const {
    std::vector<std::string> names;
    for (const CLI::App* verb : app_.get_subcommands({})) names.push_back(verb->get_name());
    return names;
  }

  static std::string DidYouMean(const std::string& name, const std::vector<std::string>& names) {
    const std::string nearest = NearestName(name, names);
    return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
  }

  int ComplainAboutUse(const CLI::ParseError& error) {
    const auto verbs = app_.get_subcommands();
    const CLI::App* const verb = verbs.empty() ? &app_ : verbs.front();
    const std::string see = std::string(" (`tailrace ") +
                            (verbs.empty() ? "" : verb->get_name() + " ") + "--help` shows how)";
    std::string message = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
      const auto extras = app_.remaining(true);
      const std::string first = extras.empty() ? "" : extras.front();
      std::vector<std::string> names;
      for (const CLI::Option* option : verb->get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      }
      message =
          "unexpected '" + first + "'" +
          (first.starts_with("--") ? DidYouMean(first.substr(0, first.find('=')), names) : "");
    }
    Complain(message + see);
    return kExitUsage;
  }

  CLI::App* AddVerb(const std::string& name, const std::string& help, const std::string& footer,
                    const std::function<int()>& action) {
    CLI::App* const verb = app_.add_subcommand(name, help);
    verb->footer(footer);
    verb->callback([this, action] { action_ = action; });
    return verb;
  }

  static CLI::Option* AddDuration(CLI::App* verb, const char* name, uint64_t& target,
                                  const char* help) {
    return AddParsed(verb, name, "DURATION", FormatDurationMs(target), help,
                     [&target, name](const std::string& text) {
                       const auto value = ParseDurationMs(text);
                       if (!value) throw CLI::ValidationError(name, value.error().message);
                       target = *value;
                     });
  }

  static CLI::Option* AddSize(CLI::App* verb, const char* name, uint64_t& target,
                              const char* help) {
    return AddParsed(verb, name, "SIZE", FormatBytes(target), help,
                     [&target, name](const std::string& text) {
                       const auto value = ParseBytes(text);
                       if (!value) throw CLI::ValidationError(name, value.error().message);
                       if (*value < (1 << 16)) {
                         throw CLI::ValidationError(name, "must be at least 64KiB");
                       }
                       target = *value;
                     });
  }

  static CLI::Option* AddParsed(CLI::App* verb, const char* name, const char* type,
                                const std::string& value, const char* help,
                                const std::function<void(const std::string&)>& take) {
    return verb
        ->add_option_function<std::string>(name, take,
                                           std::string(help) + " (default " + value + ")")
        ->type_name(type);
  }

  static CLI::Option* AddLog(CLI::App* verb, std::string& target) {
    return verb->add_option("TYPE/ID", target, "The log, as in deploy/42")->type_name("");
  }

  void AddServe() {
    CLI::App* const serve = AddVerb(
        "serve", "Run the server",
        "Settings come from flags, then TAILRACE_* variables (--drain-window is\n"
        "TAILRACE_DRAIN_WINDOW), then tailrace.toml (here, or in /etc/tailrace), then defaults.\n\n"
        "Example: tailrace serve --listen 127.0.0.1:8080 --data /var/lib/tailrace",
        [this] { return Serve(); });
    serve->add_option("--config", serve_.config_file, "Read this file instead of tailrace.toml")
        ->type_name("FILE");
    serve->add_flag("--print-config", serve_.print_config,
                    "Print every setting in force and from where, and exit");
    serve->add_flag("--print-settings-table", print_table_)->group("");
    serve->add_flag("--print-routes", print_routes_)->group("");
    const ServerConfig defaults;
    for (const Setting& setting : AllSettings()) {
      std::vector<std::string>& values = flag_values_[setting.flag];
      const std::string name = "--" + std::string(setting.flag);
      std::string help(setting.help);
      if (!setting.choices.empty()) help += ": " + std::string(setting.choices);
      if (setting.kind == ValueKind::kSwitch) {
        serve->add_flag(name + "{true}", values, help);
        continue;
      }
      const std::string preset = FormatSetting(defaults, setting);
      const bool may_be_empty =
          setting.kind == ValueKind::kOptionalText || setting.kind == ValueKind::kOptionalUri;
      if (!may_be_empty) help += " (default " + preset + ")";
      serve->add_option(name, values, help)->type_name(TypeName(setting))->expected(1)->take_all();
    }
  }

  static std::string TypeName(const Setting& setting) {
    switch (setting.kind) {
      case ValueKind::kCount:
        return "COUNT";
      case ValueKind::kBytes:
        return "SIZE";
      case ValueKind::kMilliseconds:
      case ValueKind::kSeconds:
        return "DURATION";
      default:
        return "TEXT";
    }
  }

  int Serve() {
    if (print_table_) {
      std::cout << PrintSettingsTable();
      return kExitOk;
    }
    if (print_routes_) {
      std::cout << Routes().Describe();
      return kExitOk;
    }
    for (const Setting& setting : AllSettings()) {
      const auto& values = flag_values_[setting.flag];
      if (values.empty()) continue;
      serve_.flags.push_back({&setting, values, "flag --" + std::string(setting.flag)});
    }
    return RunServe(serve_);
  }

  void AddExec() {
    CLI::App* const exec = AddVerb(
        "exec", "Run a command and stream its output into a log",
        "The command comes behind --. Its output goes to the terminal unchanged; the exit code is\n"
        "the command's. While the server is away, output is kept in a spool file.\n\n"
        "Example: tailrace exec deploy/42 --title 'Release 1.2' -- make deploy",
        [this] {
          if (!exec_.command.empty()) return RunExec(exec_);
          Complain("no command; it comes behind --, as in: tailrace exec deploy/42 -- make deploy");
          return kExitUsage;
        });
    AddLog(exec, exec_.log)->required();
    exec->add_option("--title", exec_.title, "Title of the log")->type_name("TEXT");
    exec->add_flag("--pty", exec_.pty, "Give the command a terminal: colours, progress bars, keys");
    exec->add_flag("--quiet,-q", exec_.quiet, "Say only what goes wrong, not even the log's URL");
    AddDuration(exec, "--wait", exec_.wait_ms,
                "After the command: how long to wait for the server");
    AddSize(exec, "--spool-limit", exec_.spool_limit_bytes,
            "How much output is kept while the server is away; more is left out and said");
    AddSize(exec, "--spool-buffer", exec_.spool_buffer_bytes,
            "How much output waits in memory when the spool's disk hangs; more is left out and "
            "said");
  }

  void AddPush() {
    CLI::App* const push = AddVerb(
        "push", "Send a file or standard input into a log, line by line",
        "Example: kubectl logs -f deployment/web | tailrace push deploy/web -", [this] {
          if (push_.spool.empty() == push_.log.empty()) {
            Complain(
                "give either TYPE/ID or --spool FILE, as in: tailrace push deploy/42 build.log");
            return kExitUsage;
          }
          if (push_.follow && push_.file == "-") {
            Complain("--follow needs a FILE; standard input is followed until it ends anyway");
            return kExitUsage;
          }
          return RunPush(push_);
        });
    AddLog(push, push_.log);
    push->add_option("FILE", push_.file, "The file; - is standard input")->type_name("");
    push->add_flag("--follow,-f", push_.follow,
                   "Go on with what is added, also when the file is rotated or truncated");
    push->add_option("--end", push_.end, "End the log after the last line with this outcome")
        ->type_name("OUTCOME")
        ->check(CLI::IsMember(kOutcomes));
    push->add_option("--title", push_.title, "Title of the log")->type_name("TEXT");
    push->add_option("--producer", push_.producer,
                     "Name of this producer: a second push of the same file under the same name "
                     "sends only what is new")
        ->type_name("NAME");
    push->add_option("--spool", push_.spool, "Send a spool file that exec or push has left")
        ->type_name("FILE");
    push->add_flag("--quiet,-q", push_.quiet, "Say only what goes wrong");
    AddDuration(push, "--wait", push_.wait_ms,
                "After the last line: how long to wait for the server");
    AddSize(push, "--spool-limit", push_.spool_limit_bytes,
            "How much is read ahead while the server is away");
  }

  void AddTail() {
    CLI::App* const tail = AddVerb(
        "tail", "Print a log, and follow it until it ends",
        "The exit code is the log's: 0 succeeded, its exit code or 1 failed, 130 cancelled, 70\n"
        "lost; 0 too while it is open. 66: no such log, 69: no server.\n\n"
        "Example: tailrace tail deploy/42 -f -n 100",
        [this] { return RunTail(tail_); });
    AddLog(tail, tail_.log)->required();
    tail->add_option("-n,--lines", tail_.last, "Only the last N entries (default all)")
        ->type_name("N");
    tail->add_flag("--follow,-f", tail_.follow, "Go on until the log ends");
    tail->add_flag("--json", tail_.json, "Print each entry as a JSON object on a line");
    tail->add_flag("--timestamps,-t", tail_.timestamps, "Print the time before each line");
  }

  void AddRollout() {
    CLI::App* const rollout =
        AddVerb("rollout", "Follow a Kubernetes rollout until its verdict, with its logs",
                "The rollout that is under way, or begins within seconds; otherwise the last one. "
                "The exit\n"
                "code is its verdict: 0 succeeded, 1 failed, 130 cancelled, as one that is "
                "superseded is.\n\n"
                "Example: kubectl set image deploy/web app=web:2 && tailrace rollout deploy/web",
                [this] { return RunRollout(rollout_); });
    rollout->add_option("workload", rollout_.workload, "As in deploy/web, statefulset/db, job/seed")
        ->type_name("KIND/NAME")
        ->required();
    rollout
        ->add_option("--namespace,-n", rollout_.namespace_name,
                     "Its namespace (default that of kubectl's current context)")
        ->type_name("NAMESPACE");
    rollout->add_flag("--wait,-w", rollout_.wait, "If none is under way, wait for the next one");
    rollout->add_flag("--direct", rollout_.direct,
                      "Without a Tailrace server: follow the cluster that kubectl would");
    rollout->add_flag("--timestamps,-t", rollout_.timestamps, "Print the time before each line");
  }

  void AddList() {
    CLI::App* const list = AddVerb("list", "List the logs, newest first",
                                   "Example: tailrace list --type deploy --state open",
                                   [this] { return RunList(list_); });
    list->add_option("--type", list_.type, "Only logs of this type")->type_name("TYPE");
    list->add_option("--state", list_.state, "Only open or ended logs")
        ->type_name("STATE")
        ->check(CLI::IsMember({"open", "ended"}));
    list->add_option("--label", list_.labels, "Only logs with this label; may be repeated")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->take_all();
    list->add_option("--search", list_.text, "Only logs with this in name or title")
        ->type_name("TEXT");
    list->add_option("--limit", list_.limit, "At most so many (default 50)")->type_name("N");
    list->add_flag("--json", list_.json, "Print each log as a JSON object on a line");
  }

  void AddEnd() {
    CLI::App* const end = AddVerb("end", "End a log",
                                  "Example: tailrace end deploy/42 --outcome failed --exit-code 2",
                                  [this] { return RunEnd(end_); });
    AddLog(end, end_.log)->required();
    end->add_option("--outcome", end_.outcome, "How it ended (default succeeded)")
        ->type_name("OUTCOME")
        ->check(CLI::IsMember(kOutcomes));
    end->add_option("--exit-code", end_.exit_code, "The job's exit code")->type_name("N");
    end->add_option("--reason", end_.reason, "For people: why")->type_name("TEXT");
  }

  void AddLink() {
    CLI::App* const link =
        AddVerb("link", "Make a link by which anybody may read a log for a while",
                "Example: tailrace link deploy/42 --expires 2h", [this] { return RunLink(link_); });
    AddLog(link, link_.log);
    AddDuration(link, "--expires", link_.expires_ms, "How long it holds, 30d at most");
    link->add_flag("--revoke-all", link_.revoke_all,
                   "Instead: no link that was made until now holds any more");
  }

  void AddDelete() {
    CLI::App* const remove = AddVerb("delete", "Delete a log and all its lines",
                                     "Asks first when standard input is a terminal.\n\n"
                                     "Example: tailrace delete deploy/42 --yes",
                                     [this] { return RunDelete(delete_); });
    AddLog(remove, delete_.log)->required();
    remove->add_flag("--yes,-y", delete_.yes, "Do not ask");
  }

  void AddImport() {
    CLI::App* const import = AddVerb(
        "import", "Have the server read all logs of the place that it follows",
        "Without it, a log is read when it is first opened. It reads the server's settings to "
        "find\n"
        "the place, and asks the server for each log; what is there already costs little.\n\n"
        "Example: tailrace import mongodb --type deploy",
        [this] { return RunImport(import_); });
    import->add_option("ORIGIN", import_.origin, "The place: mongodb")
        ->type_name("")
        ->required()
        ->check(CLI::IsMember({"mongodb"}));
    import->add_option("--config", import_.config_file, "Read this file instead of tailrace.toml")
        ->type_name("FILE");
    import->add_option("--type", import_.type, "Only logs of this type")->type_name("TYPE");
    import->add_flag("--quiet,-q", import_.quiet, "Say only what goes wrong");
    AddDuration(import, "--wait", import_.wait_ms, "How long to wait for each log");
  }

  void AddDoctor() {
    CLI::App* const doctor = AddVerb(
        "doctor", "Find which proxy on the way holds back, cuts or changes streams",
        "Says of each address what is wrong on the way there, and which line of nginx, Caddy or\n"
        "HAProxy to change. Of several addresses, from the browser's end to the server's, it says\n"
        "between which of them it happens. 0: all is well, 1: a fault, 69: nobody answers.\n\n"
        "Example: tailrace doctor https://logs.example.org http://127.0.0.1:8080",
        [this] { return RunDoctor(doctor_); });
    doctor->add_option("URL", doctor_.urls, "Where to ask (default TAILRACE_URL)")->type_name("");
    AddParsed(doctor, "--silence", "DURATION", "a little longer than the server's streams are",
              "How long to watch a silent stream for being cut; 2m at most",
              [this](const std::string& text) {
                const auto value = ParseDurationMs(text);
                if (!value) throw CLI::ValidationError("--silence", value.error().message);
                if (*value > 120'000) throw CLI::ValidationError("--silence", "2m at most");
                doctor_.silence_ms = *value;
              });
    doctor->add_option("--proxy", doctor_.proxy, "Advice for this one, if it does not say its name")
        ->type_name("NAME")
        ->check(CLI::IsMember({"nginx", "caddy", "haproxy"}));
    doctor->add_flag("--json", doctor_.json, "Print what was found as a JSON object a line");
    doctor
        ->add_option("--cookie-file", doctor_.cookie_file,
                     "A file with what a browser that is logged in sends as Cookie, in one line")
        ->type_name("FILE");
  }

  // To all verbs that there are so far but the server's own.
  void AddTokenFile() {
    for (CLI::App* const verb : app_.get_subcommands({})) {
      if (verb->get_name() == "serve") continue;
      verb->add_option_function<std::string>(
              "--token-file",
              [](const std::string& file) {
                unsetenv("TAILRACE_TOKEN");  // which would win
                setenv("TAILRACE_TOKEN_FILE", file.c_str(), 1);
              },
              "A file with the token that says who you are")
          ->type_name("FILE");
    }
  }

  void AddCompletion() {
    CLI::App* const completion = AddVerb("completion", "Print a completion script for a shell",
                                         "Example: source <(tailrace completion bash)", [this] {
                                           std::cout
                                               << *MakeCompletion(shell_, CompletionVerbsOf(app_));
                                           return kExitOk;
                                         });
    completion->add_option("SHELL", shell_, "bash, zsh or fish")
        ->type_name("")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  CLI::App app_;
  std::function<int()> action_;
  ServeArguments serve_;
  bool print_table_ = false;
  bool print_routes_ = false;
  std::map<std::string_view, std::vector<std::string>> flag_values_;
  ExecArguments exec_;
  PushArguments push_;
  TailArguments tail_;
  RolloutArguments rollout_;
  ListArguments list_;
  EndArguments end_;
  LinkArguments link_;
  DeleteArguments delete_;
  ImportArguments import_;
  DoctorArguments doctor_;
  AccessArguments access_;
  std::string shell_;
};

}  // namespace

int RunCommandLine(int argc, char** argv) {
  return CommandTree().Run(argc, argv);
}

}  // namespace tailrace
