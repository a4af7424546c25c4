// TailPrinter: entries as lines for a terminal, a file or a program.
#pragma once

#include <string>

#include "app/client/client_json.h"

namespace tailrace {

struct TailFormat {
  bool json = false;        ///< The entry's object, one a line.
  bool timestamps = false;  ///< The entry's time and a blank before each line.
  /// For people: control characters that are not colours are shown and not obeyed, because the text
  /// may come from anybody.
  bool terminal = false;
  /// The entry's source and a blank before each line; with `terminal` in a colour of its own.
  bool sources = false;
};

/// One thread; puts the pieces of partial entries back together on one line.
class TailPrinter {
 public:
  explicit TailPrinter(TailFormat format) : format_(format) {}

  void Add(const ClientEntry& entry);
  /// Ends a line that is still open.
  void EndLine();
  /// What is to be written; empty afterwards.
  std::string Take();

 private:
  void AddSource(const std::string& source);

  const TailFormat format_;
  std::string out_;
  bool line_open_ = false;
  std::string open_stream_;
  std::string open_source_;
};

/// Appends `text` with C0, DEL and C1 control characters shown as in "^G", except tabs, line feeds
/// and the escape sequences of colours (ECMA-48 SGR).
void AppendForTerminal(std::string& out, std::string_view text);

}  // namespace tailrace
