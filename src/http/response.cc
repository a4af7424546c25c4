#include "http/response.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace tailrace {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

bool HasNoContent(int status) {
  return status < 200 || status == 204 || status == 304;
}

void AppendFraming(std::string& out, const ResponseHead& head) {
  switch (head.framing) {
    case BodyFraming::kLength:
      out.append("Content-Length: ");
      AppendDecimal(out, head.content_length);
      out.append("\r\n");
      break;
    case BodyFraming::kChunked:
      out.append("Transfer-Encoding: chunked\r\n");
      break;
    case BodyFraming::kNone:
    case BodyFraming::kUntilClose:
      break;
  }
}

void PutTwoDigits(char* at, unsigned value) {
  at[0] = static_cast<char>('0' + value / 10);
  at[1] = static_cast<char>('0' + value % 10);
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
void FormatDate(int64_t second, char* text) {
  static constexpr char kDays[] = "SunMonTueWedThuFriSat";
  static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::chrono::sys_seconds time{std::chrono::seconds{second}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::memcpy(text, "Day, dd Mon yyyy hh:mm:ss GMT", 29);
  std::memcpy(text, kDays + 3 * std::chrono::weekday{day}.c_encoding(), 3);
  PutTwoDigits(text + 5, static_cast<unsigned>(date.day()));
  std::memcpy(text + 8, kMonths + 3 * (static_cast<unsigned>(date.month()) - 1), 3);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  PutTwoDigits(text + 12, year / 100);
  PutTwoDigits(text + 14, year % 100);
  PutTwoDigits(text + 17, static_cast<unsigned>(clock.hours().count()));
  PutTwoDigits(text + 20, static_cast<unsigned>(clock.minutes().count()));
  PutTwoDigits(text + 23, static_cast<unsigned>(clock.seconds().count()));
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase kPhrases[] = {
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  const auto* found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == std::end(kPhrases) ? std::string_view() : found->text;
}

std::string_view DateCache::Value() {
  TimeNs now = clock_->Now();
  int64_t second = now / kNsPerSecond - (now % kNsPerSecond < 0 ? 1 : 0);
  if (second != second_) {
    second_ = second;
    FormatDate(second, text_);
  }
  return {text_, sizeof text_};
}

BodyFraming ChooseFraming(const RequestHead& request, int status, std::optional<uint64_t> length) {
  if (HasNoContent(status)) return BodyFraming::kNone;
  if (length) return BodyFraming::kLength;
  return request.version_minor == 0 ? BodyFraming::kUntilClose : BodyFraming::kChunked;
}

bool SendsBody(const RequestHead& request, int status) {
  return request.method != Method::kHead && !HasNoContent(status);
}

void AppendResponseHead(std::string& out, const ResponseHead& head) {
  CHECK(head.status >= 100 && head.status <= 999);
  CHECK(head.framing != BodyFraming::kUntilClose || !head.keep_alive);
  out.append("HTTP/1.1 ");
  AppendDecimal(out, static_cast<uint64_t>(head.status));
  out.push_back(' ');
  out.append(ReasonPhrase(head.status)).append("\r\n");
  if (!head.date.empty()) AppendHeaderLine(out, "Date", head.date);
  AppendFraming(out, head);
  if (!head.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (head.version_minor == 0) {
    out.append("Connection: keep-alive\r\n");
  }
  for (const HeaderField& field : head.headers) AppendHeaderLine(out, field.name, field.value);
  if (head.more_headers != nullptr) {
    for (size_t i = 0; i < head.more_headers->Size(); ++i) {
      const HeaderField field = head.more_headers->At(i);
      AppendHeaderLine(out, field.name, field.value);
    }
  }
  out.append("\r\n");
}

void AppendHeaderLine(std::string& out, std::string_view name, std::string_view value) {
  CHECK(IsToken(name));
  out.append(name).append(": ");
  const size_t start = out.size();
  out.append(value);
  std::replace_if(
      out.begin() + static_cast<ptrdiff_t>(start), out.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }, ' ');
  out.append("\r\n");
}

void AppendChunkHeader(std::string& out, uint64_t size) {
  CHECK(size > 0);
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, size, 16);
  out.append(digits, static_cast<size_t>(end - digits)).append("\r\n");
}

}  // namespace tailrace
