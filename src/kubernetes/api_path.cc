#include "kubernetes/api_path.h"

namespace tailrace::kube {
namespace {

// RFC 3986 §2.3: everything but the unreserved characters is encoded.
void AppendEncoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

}  // namespace

ApiPath& ApiPath::Segment(std::string_view text) {
  text_ += '/';
  AppendEncoded(text_, text);
  return *this;
}

ApiPath& ApiPath::Query(std::string_view name, std::string_view value) {
  text_ += text_.find('?') == std::string::npos ? '?' : '&';
  AppendEncoded(text_, name);
  text_ += '=';
  AppendEncoded(text_, value);
  return *this;
}

ApiPath ResourcePath(std::string_view group_version, std::string_view namespace_name,
                     std::string_view plural) {
  ApiPath path(group_version.find('/') == std::string_view::npos ? "/api" : "/apis");
  const size_t slash = group_version.find('/');
  path.Segment(group_version.substr(0, slash));
  if (slash != std::string_view::npos) path.Segment(group_version.substr(slash + 1));
  if (!namespace_name.empty()) path.Segment("namespaces").Segment(namespace_name);
  path.Segment(plural);
  return path;
}

}  // namespace tailrace::kube
