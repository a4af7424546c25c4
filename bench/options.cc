#include "bench/options.h"

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "bench/wire.h"

namespace tailrace::bench {
namespace {

Body ParseBody(std::string_view name) {
  if (name == "lines") return Body::kLines;
  if (name == "message") return Body::kMessage;
  if (name == "framed") return Body::kFramed;
  Die("no such body: " + std::string(name));
}

}  // namespace

Options ParseOptions(int argc, char** argv, int first) {
  errno = 0;
  Options options;
  for (int i = first; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    const uint64_t number = std::strtoull(value, nullptr, 10);
    if (name == "--port")
      options.port = static_cast<uint16_t>(number);
    else if (name == "--pid")
      options.pid = static_cast<int>(number);
    else if (name == "--view")
      options.view = value;
    else if (name == "--post")
      options.post = value;
    else if (name == "--body")
      options.body = ParseBody(value);
    else if (name == "--seconds")
      options.seconds = std::strtod(value, nullptr);
    else if (name == "--viewers")
      options.viewers = number;
    else if (name == "--producers")
      options.producers = number;
    else if (name == "--lines")
      options.lines = number;
    else if (name == "--text-bytes")
      options.text_bytes = number;
    else if (name == "--window")
      options.window = number;
    else if (name == "--rate")
      options.rate = number;
    else if (name == "--warm")
      options.warm = number;
    else if (name == "--expect")
      options.expect = number;
    else if (name == "--file")
      options.file = value;
    else
      Die("no such option: " + std::string(name));
  }
  errno = 0;
  return options;
}

}  // namespace tailrace::bench
