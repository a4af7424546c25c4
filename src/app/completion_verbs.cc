#include "app/completion_verbs.h"

#include <CLI/CLI.hpp>

namespace tailrace {

std::vector<CompletionVerb> CompletionVerbsOf(const CLI::App& app) {
  std::vector<CompletionVerb> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) {
    CompletionVerb one{verb->get_name(), verb->get_description(), {}};
    one.takes_command = one.name == "exec";
    for (const CLI::Option* option : verb->get_options()) {
      if (option->get_positional()) {
        one.takes_log = one.takes_log || option->get_name(true) == "TYPE/ID";
        one.takes_file = one.takes_file || option->get_name(true) == "FILE";
        continue;
      }
      if (option->get_group().empty()) continue;
      CompletionOption known{{}, option->get_description(), option->get_items_expected_max() > 0};
      for (const auto& name : option->get_lnames()) known.names.push_back("--" + name);
      for (const auto& name : option->get_snames()) known.names.push_back("-" + name);
      one.options.push_back(std::move(known));
    }
    verbs.push_back(std::move(one));
  }
  return verbs;
}

}  // namespace tailrace
