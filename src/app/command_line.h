// The command line: verbs, their options and what they do with them.
#pragma once

namespace tailrace {

/// Runs the verb and returns the process's exit code. Complains on stderr.
int RunCommandLine(int argc, char** argv);

}  // namespace tailrace
