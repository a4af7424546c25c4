// What the command line's parser knows, as completion scripts need it.
#pragma once

#include <vector>

#include "app/completion.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}  // namespace CLI

namespace tailrace {

/// The verbs of `app` with their options.
std::vector<CompletionVerb> CompletionVerbsOf(const CLI::App& app);

}  // namespace tailrace
