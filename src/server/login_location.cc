#include "server/login_location.h"

#include <algorithm>

namespace tailrace {
namespace {

std::unexpected<Error> Refuse(std::string_view why) {
  return Fail(ErrorCode::kInvalid, "access.login_url: " + std::string(why));
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

}  // namespace

Result<void> CheckLoginUrl(std::string_view url) {
  const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
  const bool is_path = url.starts_with('/') && !url.starts_with("//");  // that would be a host
  if (!has_scheme && !is_path) return Refuse("must begin with http://, https:// or one /");
  const auto is_bad = [](char c) {
    return c <= ' ' || c >= 0x7f || std::string_view("\"<>\\^`|").find(c) != std::string_view::npos;
  };
  if (std::ranges::any_of(url, is_bad)) return Refuse("has a character that has to be escaped");
  std::string rest(url);
  for (const std::string_view known : {"{path}", "{url}"}) {
    for (size_t at = rest.find(known); at != std::string::npos; at = rest.find(known)) {
      if (rest.rfind('?', at) == std::string::npos) {
        return Refuse(std::string(known) + " has to stand behind a ?");
      }
      rest.erase(at, known.size());
    }
  }
  if (rest.find_first_of("{}") == std::string::npos) return {};
  return Refuse("only {path} and {url} are known in braces");
}

std::string QueryValue(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsPlain(c)) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

std::string LoginLocation(std::string_view url, const ReturnTo& page) {
  const std::string path = std::string(page.base_path) + "/" + std::string(page.next);
  std::string whole = page.secure ? "https://" : "http://";
  whole = page.host.empty() ? path : whole.append(page.host).append(path);
  std::string out(url);
  const auto replace = [&out](std::string_view what, const std::string& by) {
    for (size_t at = out.find(what); at != std::string::npos; at = out.find(what, at + by.size())) {
      out.replace(at, what.size(), by);
    }
  };
  replace("{path}", QueryValue(path));
  replace("{url}", QueryValue(whole));
  return out;
}

}  // namespace tailrace
