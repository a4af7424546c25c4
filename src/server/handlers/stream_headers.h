// What every answer of type text/event-stream says.
#pragma once

#include "http/headers.h"

namespace tailrace {

/// api.md "The stream".
inline void AddStreamHeaders(Headers& headers) {
  headers.Add("Content-Type", "text/event-stream");
  headers.Add("Cache-Control", "no-cache, no-transform");
  headers.Add("X-Accel-Buffering", "no");
  headers.Add("Vary", "Accept-Encoding, Cookie");
}

}  // namespace tailrace
