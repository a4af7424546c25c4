#include "app/access/access_verbs.h"

#include <CLI/CLI.hpp>

#include "app/config/value.h"

namespace tailrace {
namespace {

class AccessTree {
 public:
  AccessTree(CLI::App& app, AccessArguments& arguments, const ChooseAction& choose)
      : app_(app), user_(arguments.user), token_(arguments.token), choose_(choose) {}

  void AddUser() {
    CLI::App* const user = app_.add_subcommand("user", "Local users who may log in");
    user->require_subcommand(1);
    user->footer(
        "On the server's machine; a server that runs notices. Passwords come from the terminal or\n"
        "as a line of standard input.\n\nExample: tailrace user add ann --group dev");
    AddUserAction(user, "add", "Add a user", RunUserAdd)
        ->add_option("--group", user_.groups, "A group that grants may name; may be repeated")
        ->type_name("GROUP")
        ->expected(1)
        ->take_all();
    AddUserAction(user, "password", "Give a new password, and end all sessions", RunUserPassword);
    AddUserAction(user, "logout", "End all sessions of a user", RunUserLogout);
    AddUserAction(user, "remove", "Remove a user, and end all sessions", RunUserRemove);
    AddAction(user, "list", "List users and their groups", user_.where,
              [&arguments = user_] { return RunUserList(arguments.where); });
  }

  void AddToken() {
    CLI::App* const token = app_.add_subcommand("token", "Tokens of producers and scripts");
    token->require_subcommand(1);
    token->footer(
        "On the server's machine; a server that runs notices.\n\n"
        "Example: tailrace token create ci --may write --logs 'deploy/*' --expires 90d");
    AddCreate(token);
    AddAction(token, "list", "List tokens, and when they were used", token_.where,
              [&arguments = token_] { return RunTokenList(arguments.where); });
    AddAction(token, "revoke", "Make a token void", token_.where,
              [&arguments = token_] { return RunTokenRevoke(arguments.where, arguments.name); })
        ->add_option("TOKEN", token_.name, "Its id or name")
        ->type_name("")
        ->required();
  }

 private:
  // One action of a verb.
  CLI::App* AddAction(CLI::App* verb, const std::string& name, const std::string& help,
                      DataArguments& where, const std::function<int()>& action) {
    CLI::App* const one = verb->add_subcommand(name, help);
    one->add_option("--config", where.config_file, "The server's tailrace.toml")->type_name("FILE");
    one->add_option("--data", where.data, "The server's data directory")->type_name("DIR");
    one->callback([choose = choose_, action] { choose(action); });
    return one;
  }

  CLI::App* AddUserAction(CLI::App* verb, const std::string& name, const std::string& help,
                          int (*run)(const UserArguments&)) {
    CLI::App* const one = AddAction(verb, name, help, user_.where,
                                    [run, &arguments = user_] { return run(arguments); });
    one->add_option("NAME", user_.name, "The user")->type_name("")->required();
    return one;
  }

  void AddCreate(CLI::App* token) {
    CLI::App* const create =
        AddAction(token, "create", "Make a token, and show it once", token_.where,
                  [&arguments = token_] { return RunTokenCreate(arguments); });
    create->add_option("NAME", token_.name, "For people: what it is for")
        ->type_name("")
        ->required();
    create->add_option("--may", token_.may, "read, write or admin; several with commas")
        ->type_name("VERB")
        ->expected(1)
        ->take_all()
        ->required();
    create->add_option("--logs", token_.logs, "TYPE/ID with * for anything; may be repeated")
        ->type_name("PATTERN")
        ->expected(1)
        ->take_all()
        ->required();
    create
        ->add_option_function<std::string>(
            "--expires",
            [&arguments = token_](const std::string& text) {
              const auto value = ParseDurationMs(text);
              if (!value) throw CLI::ValidationError("--expires", value.error().message);
              arguments.expires_ms = *value;
            },
            "How long it is good for (default for ever)")
        ->type_name("DURATION");
  }

  CLI::App& app_;
  UserArguments& user_;
  TokenArguments& token_;
  const ChooseAction& choose_;
};

}  // namespace

void AddAccessVerbs(CLI::App& app, AccessArguments& arguments, const ChooseAction& choose) {
  AccessTree tree(app, arguments, choose);
  tree.AddUser();
  tree.AddToken();
}

}  // namespace tailrace
