#include "app/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tailrace {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<CompletionVerb> Verbs() {
  CompletionVerb exec{"exec", "Run a command: and 'more'", {}};
  exec.options = {{{"--wait", "-w"}, "How long [default 5m]", true}, {{"--quiet"}, "Less", false}};
  exec.takes_log = exec.takes_command = true;
  CompletionVerb push{"push", "Send a file", {}};
  push.takes_log = push.takes_file = true;
  return {exec, push, {"list", "List the logs", {}}};
}

TEST(Completion, KnowsThreeShells) {
  EXPECT_FALSE(MakeCompletion("tcsh", Verbs()));
  EXPECT_FALSE(MakeCompletion("", Verbs()));
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = MakeCompletion(shell, Verbs());
    ASSERT_TRUE(script);
    for (const char* word : {"exec", "push", "list", "wait", "quiet"}) {
      EXPECT_THAT(*script, HasSubstr(word)) << shell;
    }
    EXPECT_TRUE(script->ends_with('\n'));
  }
}

TEST(Completion, HelpCannotBreakOutOfItsQuotes) {
  EXPECT_THAT(*MakeCompletion("zsh", Verbs()), HasSubstr("'exec:Run a command; and  more '"));
  EXPECT_THAT(*MakeCompletion("zsh", Verbs()), HasSubstr("'--wait[How long (default 5m)]:value:"));
  EXPECT_THAT(*MakeCompletion("fish", Verbs()), HasSubstr("-d 'Run a command; and  more '"));
}

TEST(Completion, OnlyVerbsOfOneLogAskTheServer) {
  const std::string bash = *MakeCompletion("bash", Verbs());
  const size_t list = bash.find("    list)");
  ASSERT_NE(list, std::string::npos);
  EXPECT_THAT(bash.substr(list), Not(HasSubstr("tailrace list --limit")));
  EXPECT_THAT(bash.substr(0, list), HasSubstr("tailrace list --limit"));
  EXPECT_THAT(bash, HasSubstr("words='--wait -w --quiet '"));
}

TEST(Completion, OptionsWithAValueSaySo) {
  const std::string fish = *MakeCompletion("fish", Verbs());
  EXPECT_THAT(fish, HasSubstr("from exec' -l wait -s w -r -F -d"));
  EXPECT_THAT(fish, HasSubstr("from exec' -l quiet -d"));
}

}  // namespace
}  // namespace tailrace
