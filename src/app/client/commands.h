// The client verbs: what each is told, and what it does. Each returns the process's exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tailrace {

/// Exit codes of our own; exec and tail -f also give those of the command or of the log
/// (docs/cli.md). From sysexits.h where it has a fitting one.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNoLog = 66;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitLogLost = 70;
inline constexpr int kExitNotDelivered = 75;
inline constexpr int kExitNotPermitted = 77;
inline constexpr int kExitLogCancelled = 130;

struct ExecArguments {
  std::string log;
  std::string title;
  bool pty = false;
  bool quiet = false;
  uint64_t wait_ms = 300'000;
  uint64_t spool_limit_bytes = 256 << 20;
  uint64_t spool_buffer_bytes = 16 << 20;
  std::vector<std::string> command;
};

struct PushArguments {
  std::string log;  ///< Empty with `spool`.
  std::string file = "-";
  bool follow = false;
  std::string end;  ///< Outcome; empty: leave the log open.
  std::string title;
  std::string producer;  ///< Empty: a new one.
  std::string spool;     ///< A spool that was left behind.
  bool quiet = false;
  uint64_t wait_ms = 300'000;
  uint64_t spool_limit_bytes = 64 << 20;
};

struct TailArguments {
  std::string log;
  std::optional<uint64_t> last;  ///< Only so many; absent: all.
  bool follow = false;
  bool json = false;
  bool timestamps = false;
  bool sources = false;  ///< Who wrote it stands before each line.
};

struct RolloutArguments {
  std::string workload;        ///< "deploy/NAME", "statefulset/NAME", …
  std::string namespace_name;  ///< Empty: that of the current context, or "default".
  bool wait = false;           ///< For the next rollout, if none is under way.
  bool direct = false;         ///< Without a server: the API server is asked.
  bool timestamps = false;
};

struct ListArguments {
  std::string type;
  std::string state;
  std::string text;
  std::vector<std::string> labels;
  uint64_t limit = 50;
  bool json = false;
};

struct EndArguments {
  std::string log;
  std::string outcome = "succeeded";
  std::optional<int64_t> exit_code;
  std::string reason;
};

struct LinkArguments {
  std::string log;
  uint64_t expires_ms = 24ULL * 3'600'000;
  bool revoke_all = false;
};

struct DeleteArguments {
  std::string log;
  bool yes = false;
};

struct ImportArguments {
  std::string origin;       ///< "mongodb".
  std::string config_file;  ///< The server's; empty: as `serve` finds it.
  std::string type;         ///< Only logs of this type.
  bool quiet = false;
  uint64_t wait_ms = 300'000;  ///< For each log.
};

struct DoctorArguments {
  std::vector<std::string> urls;       ///< From the browser's end on; none: TAILRACE_URL.
  std::optional<uint64_t> silence_ms;  ///< Absent: a little more than the server is ever silent.
  std::string proxy;                   ///< Advice for this one only; empty: for the one that shows.
  bool json = false;
  std::string cookie_file;  ///< Its first line: what a browser sends as Cookie. Empty: none.
};

int RunExec(const ExecArguments& arguments);
int RunPush(const PushArguments& arguments);
int RunTail(const TailArguments& arguments);
int RunRollout(const RolloutArguments& arguments);
int RunList(const ListArguments& arguments);
int RunEnd(const EndArguments& arguments);
int RunLink(const LinkArguments& arguments);
int RunDelete(const DeleteArguments& arguments);
int RunImport(const ImportArguments& arguments);
int RunDoctor(const DoctorArguments& arguments);

}  // namespace tailrace
