#include "store/rocksdb/checksum.h"

#include <cstddef>
#include <cstdint>

namespace tailrace::rocks {

void LinkChecksums() {}

}  // namespace tailrace::rocks

#ifdef __x86_64__

#include <dlfcn.h>

#include "base/check.h"
#include "base/crc32c.h"

namespace rocksdb::crc32c {
namespace {

using ExtendFunction = uint32_t (*)(uint32_t, const char*, size_t);

uint32_t ExtendByOurs(uint32_t crc, const char* data, size_t size) {
  return tailrace::ExtendCrc32c(crc, {data, size});
}

ExtendFunction Choose() {
  if (tailrace::HasFastCrc32c()) return &ExtendByOurs;
  void* of_the_library = dlsym(RTLD_NEXT, "_ZN7rocksdb6crc32c6ExtendEjPKcm");
  CHECK(of_the_library != nullptr);
  return reinterpret_cast<ExtendFunction>(of_the_library);
}

}  // namespace

// The CRC of what `crc` is the CRC of, and of `data` behind it.
__attribute__((visibility("default"))) uint32_t Extend(uint32_t crc, const char* data,
                                                       size_t size) {
  static const ExtendFunction kExtend = Choose();
  return kExtend(crc, data, size);
}

}  // namespace rocksdb::crc32c

#endif
