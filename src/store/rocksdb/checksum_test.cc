#include "store/rocksdb/checksum.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <rocksdb/file_checksum.h>

#include <string>

#include "base/crc32c.h"

namespace tailrace::rocks {
namespace {

// Through the library, as it computes its own.
std::string LibraryChecksum(std::string_view data) {
  LinkChecksums();
  const auto factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  const auto generator = factory->CreateFileChecksumGenerator({});
  generator->Update(data.data(), data.size());
  generator->Finalize();
  return generator->GetChecksum();
}

TEST(Checksum, IsCrc32c) {
  EXPECT_EQ(LibraryChecksum("123456789"), "\xE3\x06\x92\x83");
  std::string data;
  for (int i = 0; i < 100; ++i) {
    const uint32_t crc = ExtendCrc32c(0, data);
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(crc >> shift));
    EXPECT_EQ(LibraryChecksum(data), bytes) << i;
    data.push_back(static_cast<char>(i * 37));
  }
}

#ifdef __x86_64__
TEST(Checksum, TheLibraryTakesOurs) {
  constexpr auto kName = "_ZN7rocksdb6crc32c6ExtendEjPKcm";
  void* in_force = dlsym(RTLD_DEFAULT, kName);
  void* of_the_library = dlsym(RTLD_NEXT, kName);
  ASSERT_NE(in_force, nullptr);
  EXPECT_NE(in_force, of_the_library);
}
#endif

}  // namespace
}  // namespace tailrace::rocks
