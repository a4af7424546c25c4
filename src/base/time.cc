#include "base/time.h"

#include <chrono>
#include <ctime>

#include "base/text.h"

namespace tailrace {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

class SystemClock final : public Clock {
 public:
  TimeNs Now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
  }
};

// A cursor over the fixed fields of RFC 3339.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}

  bool Number(size_t digits, int& value) {
    if (text_.size() < digits) return false;
    const auto parsed = ParseDecimal(text_.substr(0, digits));
    if (!parsed) return false;
    value = static_cast<int>(*parsed);
    text_.remove_prefix(digits);
    return true;
  }
  bool OneOf(std::string_view choices, char& found) {
    if (text_.empty() || choices.find(text_.front()) == std::string_view::npos) return false;
    found = text_.front();
    text_.remove_prefix(1);
    return true;
  }
  bool Literal(char c) {
    char found = 0;
    return OneOf(std::string_view(&c, 1), found);
  }
  bool Fraction(int64_t& ns) {
    ns = 0;
    if (text_.empty() || text_.front() != '.') return true;
    text_.remove_prefix(1);
    int64_t unit = kNsPerSecond / 10;
    size_t digits = 0;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; ++digits) {
      ns += unit * (text_.front() - '0');
      unit /= 10;
      text_.remove_prefix(1);
    }
    return digits > 0;
  }
  bool Offset(int& minutes) {
    char sign = 0;
    minutes = 0;
    if (!OneOf("Zz+-", sign)) return false;
    if (sign == 'Z' || sign == 'z') return true;
    int hour = 0;
    int minute = 0;
    if (!Number(2, hour) || !Literal(':') || !Number(2, minute)) return false;
    if (hour > 23 || minute > 59) return false;
    minutes = (sign == '-' ? -1 : 1) * (hour * 60 + minute);
    return true;
  }
  bool AtEnd() const { return text_.empty(); }

 private:
  std::string_view text_;
};

// The last `count` decimal digits; this is on the way of every entry that is shown.
void PutDigits(char* to, int count, int64_t value) {
  for (int i = count - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

const Clock& Clock::System() {
  static const SystemClock kClock;
  return kClock;
}

uint64_t ThreadCpuNs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<uint64_t>(time.tv_sec * kNsPerSecond + time.tv_nsec);
}

void AppendRfc3339(std::string& out, TimeNs time) {
  int64_t seconds = time / kNsPerSecond;
  int64_t ns = time % kNsPerSecond;
  if (ns < 0) {
    ns += kNsPerSecond;
    --seconds;
  }
  const std::chrono::sys_seconds point{std::chrono::seconds{seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{day};
  const int64_t second_of_day = (point - day).count();
  char text[] = "0000-00-00T00:00:00.000000000Z";
  PutDigits(text, 4, static_cast<int>(date.year()));
  PutDigits(text + 5, 2, static_cast<unsigned>(date.month()));
  PutDigits(text + 8, 2, static_cast<unsigned>(date.day()));
  PutDigits(text + 11, 2, second_of_day / 3600);
  PutDigits(text + 14, 2, second_of_day / 60 % 60);
  PutDigits(text + 17, 2, second_of_day % 60);
  PutDigits(text + 20, 9, ns);
  out.append(text, sizeof text - 1);
}

std::string FormatRfc3339(TimeNs time) {
  std::string out;
  AppendRfc3339(out, time);
  return out;
}

std::optional<TimeNs> ParseRfc3339(std::string_view text) {
  Fields in(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, offset_minutes = 0;
  int64_t ns = 0;
  char separator = 0;
  if (!in.Number(4, year) || !in.Literal('-') || !in.Number(2, month) || !in.Literal('-') ||
      !in.Number(2, day) || !in.OneOf("Tt ", separator) || !in.Number(2, hour) ||
      !in.Literal(':') || !in.Number(2, minute) || !in.Literal(':') || !in.Number(2, second) ||
      !in.Fraction(ns) || !in.Offset(offset_minutes) || !in.AtEnd()) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const int64_t seconds = days * 86400 + hour * 3600 + (minute - offset_minutes) * 60 + second;
  TimeNs result = 0;
  if (__builtin_mul_overflow(seconds, kNsPerSecond, &result) ||
      __builtin_add_overflow(result, ns, &result)) {
    return std::nullopt;
  }
  return result;
}

}  // namespace tailrace
