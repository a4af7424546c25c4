// The verbs `user` and `token`, as the command line has them.
#pragma once

#include <functional>

#include "app/access/access_commands.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}  // namespace CLI

namespace tailrace {

/// What parsing fills in. Outlives the parser.
struct AccessArguments {
  UserArguments user;
  TokenArguments token;
};

/// `choose` is called with what the verb that was given does.
using ChooseAction = std::function<void(std::function<int()> action)>;
void AddAccessVerbs(CLI::App& app, AccessArguments& arguments, const ChooseAction& choose);

}  // namespace tailrace
