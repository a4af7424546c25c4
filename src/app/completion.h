// Completion scripts for shells, made from the command tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace {

struct CompletionOption {
  std::vector<std::string> names;  ///< With their dashes: "--follow", "-f".
  std::string help;                ///< One line.
  bool takes_value = false;
};

struct CompletionVerb {
  std::string name;
  std::string help;
  std::vector<CompletionOption> options;
  bool takes_log = false;      ///< Its first argument is TYPE/ID: asked from the server.
  bool takes_file = false;     ///< Its last argument is a file.
  bool takes_command = false;  ///< A command comes behind "--".
};

/// `shell`: "bash", "zsh" or "fish"; nothing for another one.
std::optional<std::string> MakeCompletion(std::string_view shell,
                                          const std::vector<CompletionVerb>& verbs);

}  // namespace tailrace
