#include "app/command_line.h"
#include "mongodb/counters_file.h"

int main(int argc, char** argv) {
  tailrace::RemoveCountersFile();
  return tailrace::RunCommandLine(argc, argv);
}
