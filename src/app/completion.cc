#include "app/completion.h"

namespace tailrace {
namespace {

// Names of logs that the server has; quiet when it is away.
constexpr std::string_view kListLogs =
    "tailrace list --limit 200 2>/dev/null | awk 'NR>1{print $1}'";

// Between single quotes, in all three shells: quotes and what zsh's _arguments would interpret go.
std::string Plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'' || c == '\n') {
      out.push_back(' ');
    } else if (c == '[' || c == ']' || c == ':') {
      out.push_back(c == ':' ? ';' : c == '[' ? '(' : ')');
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string Join(const std::vector<CompletionVerb>& verbs) {
  std::string out;
  for (const CompletionVerb& verb : verbs) out += (out.empty() ? "" : " ") + verb.name;
  return out;
}

std::string Bash(const std::vector<CompletionVerb>& verbs) {
  std::string out =
      "# bash completion for tailrace: source <(tailrace completion bash)\n"
      "_tailrace() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} word i words=''\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W '" +
      Join(verbs) +
      " --help --version' -- \"$cur\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const CompletionVerb& verb : verbs) {
    out += "    " + verb.name + ")\n";
    if (verb.takes_command) {
      out +=
          "      for ((i = 2; i < COMP_CWORD; i++)); do\n"
          "        [ \"${COMP_WORDS[i]}\" = -- ] || continue\n"
          "        if declare -F _command_offset >/dev/null; then _command_offset $((i + 1))\n"
          "        else COMPREPLY=($(compgen -c -f -- \"$cur\")); fi\n"
          "        return\n"
          "      done\n";
    }
    out += "      words='";
    for (const CompletionOption& option : verb.options) {
      for (const std::string& name : option.names) out += name + " ";
    }
    out += "'\n";
    if (verb.takes_log) {
      out += "      [[ $cur == -* ]] || words=$(" + std::string(kListLogs) + ")\n";
    }
    if (verb.takes_file) out += "      [[ $cur == -* ]] || COMPREPLY=($(compgen -f -- \"$cur\"))\n";
    out += "      ;;\n";
  }
  return out +
         "  esac\n"
         "  COMPREPLY+=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "}\n"
         "complete -o default -F _tailrace tailrace\n";
}

std::string Zsh(const std::vector<CompletionVerb>& verbs) {
  std::string out =
      "#compdef tailrace\n"
      "# zsh completion for tailrace: tailrace completion zsh > \"${fpath[1]}/_tailrace\"\n"
      "_tailrace_logs() {\n"
      "  local -a logs\n"
      "  logs=(${(f)\"$(" +
      std::string(kListLogs) +
      ")\"})\n"
      "  compadd -a logs\n"
      "}\n"
      "_tailrace() {\n"
      "  local -a verbs\n"
      "  verbs=(\n";
  for (const CompletionVerb& verb : verbs) {
    out += "    '" + verb.name + ":" + Plain(verb.help) + "'\n";
  }
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe 'verb' verbs\n"
      "    return\n"
      "  fi\n"
      "  local verb=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $verb in\n";
  for (const CompletionVerb& verb : verbs) {
    out += "    " + verb.name + ")\n      _arguments -s";
    for (const CompletionOption& option : verb.options) {
      for (const std::string& name : option.names) {
        out += " \\\n        '" + name + "[" + Plain(option.help) + "]" +
               (option.takes_value ? ":value:_default" : "") + "'";
      }
    }
    if (verb.takes_log) out += " \\\n        '1:log:_tailrace_logs'";
    if (verb.takes_file) out += " \\\n        '2:file:_files'";
    if (verb.takes_command) out += " \\\n        '*::command:_normal'";
    out += "\n      ;;\n";
  }
  return out +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _tailrace ]; then _tailrace \"$@\"; else compdef _tailrace "
         "tailrace; fi\n";
}

std::string Fish(const std::vector<CompletionVerb>& verbs) {
  std::string out =
      "# fish completion for tailrace: tailrace completion fish | source\n"
      "complete -c tailrace -f\n"
      "complete -c tailrace -n __fish_use_subcommand -l help -d 'Show help'\n"
      "complete -c tailrace -n __fish_use_subcommand -l version -d 'Show the version'\n";
  for (const CompletionVerb& verb : verbs) {
    out += "complete -c tailrace -n __fish_use_subcommand -a " + verb.name + " -d '" +
           Plain(verb.help) + "'\n";
    const std::string here =
        "complete -c tailrace -n '__fish_seen_subcommand_from " + verb.name + "'";
    for (const CompletionOption& option : verb.options) {
      out += here;
      for (const std::string& name : option.names) {
        out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      out +=
          (option.takes_value ? " -r -F" : "") + std::string(" -d '") + Plain(option.help) + "'\n";
    }
    if (verb.takes_log) {
      out += here + " -a \"(tailrace list --limit 200 2>/dev/null | awk 'NR>1{print \\$1}')\"\n";
    }
    if (verb.takes_file || verb.takes_command) out += here + " -F\n";
  }
  return out;
}

}  // namespace

std::optional<std::string> MakeCompletion(std::string_view shell,
                                          const std::vector<CompletionVerb>& verbs) {
  if (shell == "bash") return Bash(verbs);
  if (shell == "zsh") return Zsh(verbs);
  if (shell == "fish") return Fish(verbs);
  return std::nullopt;
}

}  // namespace tailrace
