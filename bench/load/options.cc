#include "bench/load/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "bench/load/modes.h"
#include "bench/mark.h"

namespace tailrace::bench {
namespace {

constexpr std::string_view kAbout =
    R"(Loads a server of event streams on 127.0.0.1 and checks what it sends: each viewer must get
each entry once, in order, under the right id. Ends with 1 at the first thing that is wrong and
says what it was; otherwise prints one JSON object with what was measured. Bounded by --seconds,
or by a number of entries, and always by --give-up.

  tailrace serve --listen 127.0.0.1:8080 --data DIR &
  tailrace-load firehose --port 8080 --viewers 1000 --producers 4 --lines 100 --seconds 5
)";

// In the order of Form and Body.
const std::vector<std::string> kForms{"tailrace", "events", "text"};
const std::vector<std::string> kBodies{"lines", "message", "framed"};

// What becomes something else behind the command line.
struct Words {
  std::string log = "bench/load";
  std::string format;
  std::string form = kForms.front();
  std::string body = kBodies.front();
};

struct ModeRow {
  const char* name;
  const char* about;
  Mode run;
  bool views;
  bool produces;
};

constexpr std::array kModes = std::to_array<ModeRow>({
    {"one-at-a-time", "an entry, wait until all viewers have it, the next one", RunOneAtATime, true,
     true},
    {"paced", "--rate entries a second; latency from due to read", RunPaced, true, true},
    {"firehose", "bodies as fast as they are answered while viewers keep up", RunFirehose, true,
     true},
    {"spread", "lines to --logs logs, viewers spread over them by Zipf's law", RunSpread, true,
     true},
    {"idle", "memory of --pid for each viewer that only waits", RunIdle, true, false},
    {"hold", "viewers that stay and read", RunHold, true, false},
    {"storm", "viewers that all connect within --seconds", RunStorm, true, false},
    {"replay", "viewers that read a stream of --expect entries to its end", RunReplay, true, false},
    {"ingest", "producers with a log each, as fast as they are answered", RunIngest, false, true},
    {"upload", "one chunked body that goes on, --lines a chunk", RunUpload, false, true},
    {"appends", "--rate appends a second; how long each takes", RunAppends, false, true},
    {"fill", "one producer until --expect entries are stored", RunFill, false, true},
    {"create", "--logs empty logs", RunCreate, false, true},
});

void AddTarget(CLI::App& app, Options& options, Words& words) {
  app.add_option("--port", options.target.port, "the server's port on 127.0.0.1")->required();
  app.add_option("--log", words.log, "TYPE/ID; {} in it: its number")->capture_default_str();
  app.add_option("--pid", options.pid, "the server's process: its CPU time and memory are noted");
  app.add_flag("--tls", options.target.tls, "TLS; the certificate is not looked at");
  app.add_option("--seconds", options.seconds, "of measuring")->capture_default_str();
  app.add_option("--give-up", options.give_up_s, "seconds after which it fails in any case")
      ->capture_default_str()
      ->check(CLI::Range(1, 3600));
}

void AddViewers(CLI::App& app, Options& options, Words& words) {
  app.add_option("--viewers", options.viewers, "how many")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--format", words.format, "text, json or batch")
      ->check(CLI::IsMember({"text", "json", "batch"}));
  app.add_option("--coding", options.coding, "gzip or zstd")
      ->check(CLI::IsMember({"gzip", "zstd"}));
  app.add_option("--check-every", options.check_every,
                 "check every so manieth viewer, of the others bytes are counted; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  app.add_flag("--http2", options.target.http2, "viewers share connections by HTTP/2");
  app.add_option("--streams", options.streams, "viewers of one HTTP/2 connection")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  app.add_option("--receive-bytes", options.receive_bytes,
                 "receive buffer of each connection, so that all get on alike; 0: as TCP finds out")
      ->capture_default_str()
      ->check(CLI::Range(0, 4 << 20));
  app.add_option("--view", options.view, "another path for viewers; {}: the log's number");
  app.add_option("--form", words.form, "of the stream; events: ids are not looked at; text: lines")
      ->capture_default_str()
      ->check(CLI::IsMember(kForms));
  app.add_option("--from", options.from, "the position that ids must begin at");
  app.add_option("--expect", options.expect, "entries that must come");
  app.add_option("--warm", options.warm, "idle: viewers that come before memory is looked at");
  app.add_option("--save", options.save, "replay: a file for what the viewer got");
}

void AddProducers(CLI::App& app, Options& options, Words& words) {
  app.add_option("--producers", options.producers, "connections that send")
      ->capture_default_str()
      ->check(CLI::Range(1, 4000));
  app.add_option("--lines", options.lines, "entries of a body")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--text-bytes", options.text_bytes, "of an entry")
      ->capture_default_str()
      ->check(CLI::Range(kMarkBytes, size_t{64} << 10));
  app.add_flag("--requests", options.requests,
               "texts are lines of a request log, about 200 bytes, and not words of no language");
  app.add_option("--rate", options.rate, "entries or appends a second")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--window", options.window, "entries that the average viewer may be behind")
      ->capture_default_str();
  app.add_option("--mark", options.mark, "number of the first producer, for its marks")
      ->check(CLI::Range(size_t{0}, kMaxProducers - 1));
  app.add_option("--post", options.post, "another path for bodies; {}: the log's number");
  app.add_option("--body", words.body, "lines, one message, or framed as viewers get it")
      ->capture_default_str()
      ->check(CLI::IsMember(kBodies));
}

template <typename Enum>
Enum NumberOf(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<Enum>(std::ranges::find(names, name) - names.begin());
}

}  // namespace

Mode ParseCommandLine(int argc, char** argv, Options& options) {
  CLI::App app{std::string(kAbout), "tailrace-load"};
  app.require_subcommand(1);
  Words words;
  Mode mode = nullptr;
  for (const ModeRow& row : kModes) {
    CLI::App& sub = *app.add_subcommand(row.name, row.about);
    AddTarget(sub, options, words);
    if (row.views) AddViewers(sub, options, words);
    if (row.produces) AddProducers(sub, options, words);
    if (row.run == RunSpread || row.run == RunCreate || row.run == RunStorm) {
      sub.add_option("--logs", options.logs, "how many logs stand behind {}")
          ->check(CLI::Range(1, 1'000'000));
    }
    if (row.run == RunFill) sub.add_option("--expect", options.expect, "entries")->required();
    sub.callback([&mode, &row] { mode = row.run; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  options.form = NumberOf<Form>(kForms, words.form);
  options.body = NumberOf<Body>(kBodies, words.body);
  const std::string path = "/api/v1/logs/" + words.log;
  if (options.view.empty()) {
    options.view = path + "/events" + (words.format.empty() ? "" : "?format=" + words.format);
  }
  if (options.post.empty()) options.post = path + "/entries";
  return mode;
}

ViewerPlan Options::Plan() const {
  ViewerPlan plan;
  plan.path = view;
  plan.accept_coding = coding;
  plan.form = form;
  plan.from = from;
  plan.check_every = check_every;
  plan.streams = streams;
  plan.receive_bytes = receive_bytes;
  return plan;
}

std::string PathOf(std::string path, size_t index) {
  const size_t hole = path.find("{}");
  return hole == std::string::npos ? path : path.replace(hole, 2, std::to_string(index));
}

}  // namespace tailrace::bench
