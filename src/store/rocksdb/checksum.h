// RocksDB's CRC-32C by the processor's own instruction.
//
// Debian builds librocksdb for every x86-64, so the library computes its checksums from tables: a
// fifth of the CPU time of reading a log, and a part of writing its journal. checksum.cc defines
// the function that the library does it with; the library calls it through the dynamic linker,
// which takes the program's definition (docs/adr/0010-checksums-by-hardware.md).
#pragma once

namespace tailrace::rocks {

/// Does nothing, but makes the linker take checksum.cc.
void LinkChecksums();

}  // namespace tailrace::rocks
