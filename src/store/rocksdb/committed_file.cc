#include "store/rocksdb/committed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace tailrace::rocks {
namespace {

/// Length and CRC-32 of the record, 8 bytes each, stand before it.
constexpr size_t kHeadBytes = 16;
constexpr size_t kMaxRecordBytes = 64 << 20;

uint64_t Checksum(std::string_view bytes) {
  return crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace

Result<CommittedFile> CommittedFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    return Fail(ErrorCode::kUnavailable, "cannot open " + path + ": " + std::strerror(errno));
  }
  return CommittedFile(fd);
}

CommittedFile::CommittedFile(CommittedFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

CommittedFile::~CommittedFile() {
  if (fd_ >= 0) close(fd_);
}

std::optional<CommitRecord> CommittedFile::Read() const {
  std::string head(kHeadBytes, '\0');
  if (pread(fd_, head.data(), kHeadBytes, 0) != static_cast<ssize_t>(kHeadBytes)) return {};
  std::string_view rest = head;
  uint64_t size = 0;
  uint64_t checksum = 0;
  if (!TakeBigEndian64(rest, size) || !TakeBigEndian64(rest, checksum)) return {};
  if (size > kMaxRecordBytes) return {};
  std::string record(size, '\0');
  if (pread(fd_, record.data(), size, kHeadBytes) != static_cast<ssize_t>(size)) return {};
  CommitRecord decoded;
  if (Checksum(record) != checksum || !DecodeCommitRecord(record, decoded)) return {};
  return decoded;
}

void CommittedFile::Write(std::string_view record) {
  std::string bytes;
  bytes.reserve(kHeadBytes + record.size());
  AppendBigEndian64(bytes, record.size());
  AppendBigEndian64(bytes, Checksum(record));
  bytes.append(record);
  static_cast<void>(pwrite(fd_, bytes.data(), bytes.size(), 0) >= 0);
}

}  // namespace tailrace::rocks
