// Content codings of streams whose parts are made once and joined for any number of clients.
#pragma once

#include <string>
#include <string_view>

#include "base/plain_sum.h"

namespace tailrace {

PlainSum SumOf(std::string_view plain);
/// The sum of what `first` sums up with `second` behind it.
PlainSum JoinSums(const PlainSum& first, const PlainSum& second);

/// One member of full-flush blocks, since browsers decode one member only and silently drop the
/// rest (measured). A stream is the start, any parts in any order, and the end.
void AppendGzipStart(std::string& out);
/// Ends on a byte boundary and refers to nothing before it (RFC 1951; zlib's Z_FULL_FLUSH). What
/// does not get smaller is stored. Equal text gives equal bytes. Any thread.
void AppendGzipPart(std::string& out, std::string_view plain);
void AppendGzipEnd(std::string& out, const PlainSum& all);

/// A whole frame (RFC 8878), of a window below the 8 MB of RFC 9659. A stream is frames in any
/// order. Equal text gives equal bytes. Any thread. Decoders show a block when they have all of it,
/// so blocks are at most 16 KiB of text.
void AppendZstdFrame(std::string& out, std::string_view plain);

}  // namespace tailrace
