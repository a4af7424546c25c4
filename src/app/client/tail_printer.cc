#include "app/client/tail_printer.h"

#include <array>
#include <functional>
#include <string_view>
#include <utility>

namespace tailrace {
namespace {

// Those that can be read on light and on dark (ECMA-48 SGR).
constexpr std::array<std::string_view, 6> kSourceColours = {"\x1b[36m", "\x1b[32m", "\x1b[35m",
                                                            "\x1b[34m", "\x1b[33m", "\x1b[31m"};

// Length of an SGR sequence (ESC [ digits ; : m) at the front, or 0.
size_t ColourLength(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;:", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

void AppendForTerminal(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    size_t length = 1;
    if (const size_t colour = ColourLength(text); colour > 0) {
      out.append(text.substr(0, colour));
      length = colour;
    } else if (byte == '\r' && text.substr(1).starts_with('\n')) {
      length = 1;  // The line feed behind it says all.
    } else if (byte == '\t' || byte == '\n' || (byte >= 0x20 && byte != 0x7f && byte != 0xc2)) {
      out.push_back(text.front());
    } else if (byte == 0xc2 && text.size() > 1 && static_cast<unsigned char>(text[1]) < 0xa0) {
      out.append("^[");  // C1: what ESC and another character would be.
      out.push_back(static_cast<char>(static_cast<unsigned char>(text[1]) - 0x40));
      length = 2;
    } else if (byte == 0xc2) {
      out.push_back(text.front());
    } else {
      out.push_back('^');
      out.push_back(static_cast<char>(byte ^ 0x40));
    }
    text.remove_prefix(length);
  }
}

void TailPrinter::Add(const ClientEntry& entry) {
  if (format_.json) {
    out_.append(entry.json).push_back('\n');
    return;
  }
  const bool continues = line_open_ && entry.stream == open_stream_ && entry.source == open_source_;
  if (!continues) EndLine();
  if (!continues && format_.timestamps) out_.append(entry.time).push_back(' ');
  if (!continues && format_.sources && !entry.source.empty()) AddSource(entry.source);
  if (format_.terminal) {
    AppendForTerminal(out_, entry.text);
  } else {
    out_.append(entry.text);
  }
  line_open_ = true;
  open_stream_ = entry.stream;
  open_source_ = entry.source;
  if (!entry.partial) EndLine();
}

// A colour for each pod: the source up to its '/'.
void TailPrinter::AddSource(const std::string& source) {
  if (!format_.terminal) {
    out_.append(source).push_back(' ');
    return;
  }
  const size_t hash =
      std::hash<std::string_view>{}(std::string_view(source).substr(0, source.find('/')));
  out_.append(kSourceColours[hash % kSourceColours.size()]);
  AppendForTerminal(out_, source);
  out_.append("\x1b[0m ");
}

void TailPrinter::EndLine() {
  if (line_open_) out_.push_back('\n');
  line_open_ = false;
}

std::string TailPrinter::Take() {
  return std::exchange(out_, {});
}

}  // namespace tailrace
