#include "kubernetes/plugin_run.h"

#include <uv.h>

#include <csignal>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "io/timer.h"

namespace tailrace::kube {
namespace {

constexpr size_t kComplaintBytes = 4096;
constexpr size_t kComplaintLineBytes = 300;

std::string LastLine(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  text = text.substr(text.rfind('\n') + 1).substr(0, kComplaintLineBytes);
  std::string line;
  AppendValidUtf8(line, text);
  return line;
}

}  // namespace

struct PluginRun::State {
  uv_process_t process;
  uv_pipe_t output;
  uv_pipe_t complaints;
  std::unique_ptr<Timer> timer;
  std::string command;
  std::string text;
  std::string complaint;
  Done done;            // empty: told, or nobody wants to know
  std::string trouble;  // why it was killed
  int64_t exit_code = 0;
  int signal = 0;
  int waiting = 3;  // for the exit and the ends of both pipes
  int open = 3;     // handles that are not closed
  bool started = false;
  bool closing = false;
  char buffer[4096];

  void Kill() const {
    if (started) uv_kill(-process.pid, SIGKILL);
  }

  void Close() {
    if (std::exchange(closing, true)) return;
    timer.reset();
    const auto closed = [](uv_handle_t* handle) {
      auto* self = static_cast<State*>(handle->data);
      if (--self->open == 0) delete self;
    };
    uv_close(reinterpret_cast<uv_handle_t*>(&process), closed);
    uv_close(reinterpret_cast<uv_handle_t*>(&output), closed);
    uv_close(reinterpret_cast<uv_handle_t*>(&complaints), closed);
  }

  void Abort(std::string why) {
    if (trouble.empty()) trouble = std::move(why);
    Kill();
    Tell();
  }

  void Arrived() {
    if (--waiting == 0) Tell();
  }

  Result<std::string> Outcome() {
    std::string why = trouble;
    if (why.empty() && signal != 0) why = "was ended by signal " + std::to_string(signal);
    if (why.empty() && exit_code != 0) why = "failed with exit code " + std::to_string(exit_code);
    if (why.empty()) return std::move(text);
    if (const std::string line = LastLine(complaint); !line.empty()) why += ": " + line;
    return Fail(ErrorCode::kUnavailable, "the exec plugin '" + command + "' " + why);
  }

  void Tell() {
    if (Done told = std::exchange(done, nullptr)) told(Outcome());
  }

  void Read(uv_stream_t* stream, ssize_t count) {
    if (count < 0) {
      uv_read_stop(stream);
      Arrived();
      return;
    }
    const std::string_view bytes(buffer, static_cast<size_t>(count));
    const bool is_output = stream == reinterpret_cast<uv_stream_t*>(&output);
    (is_output ? text : complaint).append(bytes);
    if (complaint.size() > kComplaintBytes) {
      complaint.erase(0, complaint.size() - kComplaintBytes);
    }
    if (text.size() > kPluginOutputBytes) {
      text.clear();
      Abort("writes more than " + std::to_string(kPluginOutputBytes) + " bytes");
    }
  }

  void Start(Loop& loop, const PluginCommand& what) {
    command = what.command;
    uv_pipe_init(loop.Raw(), &output, 0);
    uv_pipe_init(loop.Raw(), &complaints, 0);
    for (auto* handle :
         {reinterpret_cast<uv_handle_t*>(&process), reinterpret_cast<uv_handle_t*>(&output),
          reinterpret_cast<uv_handle_t*>(&complaints)}) {
      handle->data = this;
    }
    const int failed = Spawn(loop, what);
    process.data = this;
    timer = std::make_unique<Timer>(loop);
    if (failed != 0) {
      trouble = std::string("cannot be started: ") + uv_strerror(failed);
      timer->Start(0, [this] { Tell(); });
      return;
    }
    started = true;
    const auto room = [](uv_handle_t* handle, size_t, uv_buf_t* into) {
      auto* self = static_cast<State*>(handle->data);
      *into = uv_buf_init(self->buffer, sizeof self->buffer);
    };
    const auto read = [](uv_stream_t* stream, ssize_t count, const uv_buf_t*) {
      static_cast<State*>(stream->data)->Read(stream, count);
    };
    uv_read_start(reinterpret_cast<uv_stream_t*>(&output), room, read);
    uv_read_start(reinterpret_cast<uv_stream_t*>(&complaints), room, read);
    timer->Start(what.timeout_ms, [this, limit_ms = what.timeout_ms] {
      Abort("gave no answer within " + std::to_string(limit_ms) + " ms");
    });
  }

  int Spawn(Loop& loop, const PluginCommand& what) {
    std::vector<char*> arguments = {const_cast<char*>(what.command.c_str())};
    for (const std::string& word : what.arguments) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    environment.reserve(what.environment.size() + 1);
    for (const std::string& word : what.environment) {
      environment.push_back(const_cast<char*>(word.c_str()));
    }
    environment.push_back(nullptr);
    uv_stdio_container_t stdio[3] = {};
    stdio[0].flags = UV_IGNORE;
    stdio[1].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio[1].data.stream = reinterpret_cast<uv_stream_t*>(&output);
    stdio[2].flags = stdio[1].flags;
    stdio[2].data.stream = reinterpret_cast<uv_stream_t*>(&complaints);
    uv_process_options_t options = {};
    options.file = what.command.c_str();
    options.args = arguments.data();
    options.env = environment.data();
    options.flags = UV_PROCESS_DETACHED;  // a group of its own, to be killed as a whole
    options.stdio = stdio;
    options.stdio_count = 3;
    options.exit_cb = [](uv_process_t* ended, int64_t code, int number) {
      auto* self = static_cast<State*>(ended->data);
      self->exit_code = code;
      self->signal = number;
      self->Arrived();
    };
    return uv_spawn(loop.Raw(), &process, &options);
  }
};

PluginRun::PluginRun(Loop& loop, const PluginCommand& command, Done done) : state_(new State) {
  state_->done = std::move(done);
  state_->Start(loop, command);
}

PluginRun::~PluginRun() {
  state_->done = nullptr;
  state_->Kill();
  state_->Close();
}

}  // namespace tailrace::kube
