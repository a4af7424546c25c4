// Server-Sent Events as bytes (WHATWG HTML §9.2.5, §9.2.6). Every function appends whole lines; an
// event is made of fields and then AppendSseEnd. Used once per entry and format, never per viewer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace {

/// `data: ` lines, one for each line of the text, which CR, LF and CRLF end: the event's data in a
/// browser equals the text with these as LF. The text "a\n" is two lines, the last one empty; the
/// empty text is one. NUL becomes U+2400, each ill-formed part of UTF-8 one U+FFFD.
/// A BOM in it survives, as long as the stream does not begin with it: begin with AppendSseRetry.
void AppendSseData(std::string& out, std::string_view text);

/// `data: ` and bytes that have no CR, LF or NUL and are well-formed, such as JSON in one line.
void AppendSseDataLine(std::string& out, std::string_view line);

/// `event: `. `name` is one of ours: no control characters.
void AppendSseEvent(std::string& out, std::string_view name);

/// `retry: ` in milliseconds. Browsers make a hot loop of 0.
void AppendSseRetry(std::string& out, uint64_t retry_ms);

/// The blank line that dispatches an event.
inline void AppendSseEnd(std::string& out) {
  out.push_back('\n');
}

}  // namespace tailrace
