#include "store/rocksdb/wal_files.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace tailrace::rocks {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;
using WritableFilePtr = std::unique_ptr<rocksdb::FSWritableFile>;

constexpr size_t kZeroBytes = 1 << 20;  ///< Written at once, and so the step of what is prepared.

void Ignore(const IOStatus& status) {
  status.PermitUncheckedError();
}

}  // namespace

class WalFiles::FileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FileSystem(const std::shared_ptr<rocksdb::FileSystem>& target, const std::string& folder,
             const WalFilesOptions& options)
      : FileSystemWrapper(target), spare_(folder + "/" + kSpareName), options_(options) {
    uint64_t bytes = 0;
    ready_ = target->GetFileSize(spare_, {}, &bytes, nullptr).ok() && bytes == options.file_bytes;
    thread_ = std::thread([this] { Run(); });
  }
  ~FileSystem() override {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  const char* Name() const override { return "tailrace.wal_files"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           WritableFilePtr* result, IODebugContext* debug) override;

  /// A log file has become so large that there will be a next one. Any thread.
  void Prepare() {
    {
      std::lock_guard lock(mutex_);
      wanted_ = !ready_;
    }
    changed_.notify_all();
  }
  bool WaitUntilPrepared() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !wanted_; });
    return ready_;
  }

 private:
  class LogFile;

  void Run();
  IOStatus WriteZeros(const std::string& path);
  bool closing() {
    std::lock_guard lock(mutex_);
    return closing_;
  }

  const std::string spare_;
  const WalFilesOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;   ///< Guarded by mutex_, as all below.
  bool wanted_ = false;  ///< Being prepared, or soon.
  bool closing_ = false;
  std::thread thread_;
};

/// Says when there is so much in it, in small commits, that a prepared successor is worth its
/// zeros.
class WalFiles::FileSystem::LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(WritableFilePtr file, FileSystem& files)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(files) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    written_ += data.size();
    return target()->Append(data, options, debug);
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    written_ += data.size();
    return target()->Append(data, options, info, debug);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = target()->Sync(options, debug);
    CountSync();
    return status;
  }

 private:
  void CountSync() {
    ++syncs_;
    if (asked_ || written_ < files_.options_.busy_bytes) return;
    if (written_ > syncs_ * files_.options_.large_commit_bytes) return;
    asked_ = true;
    files_.Prepare();
  }

  FileSystem& files_;
  uint64_t written_ = 0;
  uint64_t syncs_ = 0;
  bool asked_ = false;
};

IOStatus WalFiles::FileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                               WritableFilePtr* result, IODebugContext* debug) {
  if (!name.ends_with(".log")) return target()->NewWritableFile(name, options, result, debug);
  bool ready = false;
  {
    std::lock_guard lock(mutex_);
    ready = std::exchange(ready_, false);
  }
  IOStatus status;
  if (ready) status = target()->ReuseWritableFile(name, spare_, options, result, debug);
  if (!ready || !status.ok()) status = target()->NewWritableFile(name, options, result, debug);
  if (status.ok()) *result = std::make_unique<LogFile>(std::move(*result), *this);
  return status;
}

void WalFiles::FileSystem::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || wanted_; });
    if (closing_) return;
    lock.unlock();
    // Only a whole file gets the name, so that a later run may trust it.
    const std::string fresh = spare_ + ".new";
    IOStatus status = WriteZeros(fresh);
    if (status.ok()) status = target()->RenameFile(fresh, spare_, {}, nullptr);
    if (!status.ok()) Ignore(target()->DeleteFile(fresh, {}, nullptr));
    lock.lock();
    ready_ = status.ok();
    wanted_ = false;
    changed_.notify_all();
  }
}

IOStatus WalFiles::FileSystem::WriteZeros(const std::string& path) {
  WritableFilePtr file;
  IOStatus status = target()->NewWritableFile(path, {}, &file, nullptr);
  const std::string zeros(kZeroBytes, '\0');
  for (uint64_t at = 0; status.ok() && at < options_.file_bytes; at += kZeroBytes) {
    if (closing()) status = IOStatus::Aborted("closing");
    const size_t bytes = std::min<uint64_t>(kZeroBytes, options_.file_bytes - at);
    if (status.ok()) status = file->Append(Slice(zeros.data(), bytes), {}, nullptr);
    // In steps, so that commits meanwhile do not wait behind all of it.
    if (status.ok()) status = file->Sync({}, nullptr);
  }
  if (status.ok()) status = file->Fsync({}, nullptr);
  if (file) {
    const IOStatus closed = file->Close({}, nullptr);
    if (status.ok()) status = closed;
  }
  return status;
}

WalFiles::WalFiles(const std::string& folder, rocksdb::Env* env, const WalFilesOptions& options)
    : files_(std::make_shared<FileSystem>(
          (env != nullptr ? env : rocksdb::Env::Default())->GetFileSystem(), folder, options)),
      env_(rocksdb::NewCompositeEnv(files_)) {}

WalFiles::~WalFiles() = default;

rocksdb::Env* WalFiles::env() {
  return env_.get();
}

bool WalFiles::WaitUntilPrepared() {
  return files_->WaitUntilPrepared();
}

}  // namespace tailrace::rocks
