#include "store/rocksdb/fault_file_system.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <map>
#include <mutex>

namespace tailrace::testing {

struct FaultFileSystem::State {
  struct File {
    uint64_t written = 0;
    uint64_t synced = 0;
    uint64_t reused_bytes = 0;  ///< Of zeros that it had at the start.
  };
  std::mutex mutex;
  uint64_t writes = 0;
  uint64_t reads = 0;
  uint64_t fail_write = 0;
  uint64_t fail_read = 0;
  Fault write_fault = Fault::kIoError;
  Fault read_fault = Fault::kIoError;
  bool for_good = false;
  bool hit = false;
  bool powerless = false;
  std::map<std::string, File> files;  ///< Those written since the start.

  /// Counts a writing call. True: it must fail.
  bool WriteFails() {
    std::lock_guard lock(mutex);
    ++writes;
    const bool now = fail_write != 0 && (writes == fail_write || (for_good && writes > fail_write));
    hit |= now;
    return now || powerless;
  }
  bool ReadFails() {
    std::lock_guard lock(mutex);
    ++reads;
    const bool now = fail_read != 0 && reads == fail_read;
    hit |= now;
    return now;
  }
};

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using State = FaultFileSystem::State;
using StatePtr = std::shared_ptr<State>;

IOStatus MakeError(Fault fault) {
  return fault == Fault::kNoSpace ? IOStatus::NoSpace("injected: No space left on device")
                                  : IOStatus::IOError("injected: Input/output error");
}

class WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name, StatePtr state)
      : FSWritableFileOwnerWrapper(std::move(file)),
        name_(std::move(name)),
        state_(std::move(state)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (state_->WriteFails()) {
      if (state_->write_fault == Fault::kNoSpace && !state_->powerless) {
        const IOStatus half = target()->Append(Slice(data.data(), data.size() / 2), options, debug);
        half.PermitUncheckedError();
      }
      return MakeError(state_->write_fault);
    }
    IOStatus status = target()->Append(data, options, debug);
    if (status.ok()) Change([&](State::File& file) { file.written += data.size(); });
    return status;
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*info*/, IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  // Nothing is really synced: the tests end no machine, and run quicker.
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    if (state_->WriteFails()) return MakeError(state_->write_fault);
    Change([](State::File& file) { file.synced = file.written; });
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  IOStatus RangeSync(uint64_t /*offset*/, uint64_t /*bytes*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  void Change(const std::function<void(State::File&)>& change) {
    std::lock_guard lock(state_->mutex);
    change(state_->files[name_]);
  }

  std::string name_;
  StatePtr state_;
};

/// Applies a read's fault to what was read.
void Spoil(Fault fault, Slice* result, char* scratch) {
  if (fault == Fault::kShortRead) *result = Slice(result->data(), result->size() / 2);
  if (fault != Fault::kBadRead || result->empty()) return;
  std::memmove(scratch, result->data(), result->size());
  scratch[result->size() / 2] ^= 0x10;
  *result = Slice(scratch, result->size());
}

class RandomAccessFile final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, StatePtr state)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), state_(std::move(state)) {}

  IOStatus Read(uint64_t offset, size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    const bool fails = state_->ReadFails();
    if (fails && state_->read_fault == Fault::kIoError) return MakeError(Fault::kIoError);
    IOStatus status = target()->Read(offset, n, options, result, scratch, debug);
    if (fails && status.ok()) Spoil(state_->read_fault, result, scratch);
    return status;
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    for (size_t i = 0; i < count; ++i) {
      rocksdb::FSReadRequest& request = requests[i];
      request.status =
          Read(request.offset, request.len, options, &request.result, request.scratch, debug);
    }
    return IOStatus::OK();
  }

 private:
  StatePtr state_;
};

class SequentialFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(std::unique_ptr<rocksdb::FSSequentialFile> file, StatePtr state)
      : FSSequentialFileOwnerWrapper(std::move(file)), state_(std::move(state)) {}

  IOStatus Read(size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    const bool fails = state_->ReadFails();
    if (fails && state_->read_fault == Fault::kIoError) return MakeError(Fault::kIoError);
    IOStatus status = target()->Read(n, options, result, scratch, debug);
    if (fails && status.ok()) Spoil(state_->read_fault, result, scratch);
    return status;
  }

 private:
  StatePtr state_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  explicit Directory(StatePtr state) : state_(std::move(state)) {}
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return state_->WriteFails() ? MakeError(state_->write_fault) : IOStatus::OK();
  }

 private:
  StatePtr state_;
};

class FileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FileSystem(StatePtr state)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), state_(std::move(state)) {}
  const char* Name() const override { return "FaultFileSystem"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           IODebugContext* debug) override {
    if (state_->WriteFails()) return MakeError(state_->write_fault);
    IOStatus status = target()->NewWritableFile(name, options, result, debug);
    if (!status.ok()) return status;
    {
      std::lock_guard lock(state_->mutex);
      state_->files[name] = {};
    }
    *result = std::make_unique<WritableFile>(std::move(*result), name, state_);
    return status;
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name,
                             const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             IODebugContext* debug) override {
    if (state_->WriteFails()) return MakeError(state_->write_fault);
    IOStatus status = target()->ReuseWritableFile(name, old_name, options, result, debug);
    if (!status.ok()) return status;
    {
      std::lock_guard lock(state_->mutex);
      state_->files.erase(old_name);
      state_->files[name] = {.reused_bytes = std::filesystem::file_size(name)};
    }
    *result = std::make_unique<WritableFile>(std::move(*result), name, state_);
    return status;
  }
  IOStatus NewRandomAccessFile(const std::string& name, const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext* debug) override {
    IOStatus status = target()->NewRandomAccessFile(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<RandomAccessFile>(std::move(*result), state_);
    return status;
  }
  IOStatus NewSequentialFile(const std::string& name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             IODebugContext* debug) override {
    IOStatus status = target()->NewSequentialFile(name, options, result, debug);
    if (status.ok()) *result = std::make_unique<SequentialFile>(std::move(*result), state_);
    return status;
  }
  IOStatus NewDirectory(const std::string& /*name*/, const IOOptions& /*options*/,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        IODebugContext* /*debug*/) override {
    *result = std::make_unique<Directory>(state_);
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    if (state_->WriteFails()) return MakeError(state_->write_fault);
    IOStatus status = target()->RenameFile(from, to, options, debug);
    std::lock_guard lock(state_->mutex);
    if (auto file = state_->files.extract(from); status.ok() && file) {
      file.key() = to;
      state_->files.erase(to);
      state_->files.insert(std::move(file));
    }
    return status;
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override {
    if (state_->WriteFails()) return MakeError(state_->write_fault);
    {
      std::lock_guard lock(state_->mutex);
      state_->files.erase(name);
    }
    return target()->DeleteFile(name, options, debug);
  }

 private:
  StatePtr state_;
};

}  // namespace

FaultFileSystem::FaultFileSystem()
    : state_(std::make_shared<State>()),
      env_(rocksdb::NewCompositeEnv(std::make_shared<FileSystem>(state_))) {}

FaultFileSystem::~FaultFileSystem() = default;

rocksdb::Env* FaultFileSystem::env() {
  return env_.get();
}

void FaultFileSystem::FailWrite(uint64_t n, Fault fault, bool for_good) {
  std::lock_guard lock(state_->mutex);
  state_->writes = 0;
  state_->fail_write = n;
  state_->write_fault = fault;
  state_->for_good = for_good;
  state_->hit = false;
}

void FaultFileSystem::FailRead(uint64_t n, Fault fault) {
  std::lock_guard lock(state_->mutex);
  state_->reads = 0;
  state_->fail_read = n;
  state_->read_fault = fault;
  state_->hit = false;
}

uint64_t FaultFileSystem::writes() const {
  std::lock_guard lock(state_->mutex);
  return state_->writes;
}

uint64_t FaultFileSystem::reads() const {
  std::lock_guard lock(state_->mutex);
  return state_->reads;
}

bool FaultFileSystem::hit() const {
  std::lock_guard lock(state_->mutex);
  return state_->hit;
}

void FaultFileSystem::CutPower() {
  std::lock_guard lock(state_->mutex);
  state_->powerless = true;
}

void FaultFileSystem::LoseUnsynced() {
  std::lock_guard lock(state_->mutex);
  for (const auto& [name, file] : state_->files) {
    std::error_code gone;
    std::filesystem::resize_file(name, file.synced, gone);
    if (file.reused_bytes > file.synced) {
      std::filesystem::resize_file(name, file.reused_bytes, gone);
    }
  }
  state_->files.clear();
  state_->powerless = false;
}

}  // namespace tailrace::testing
