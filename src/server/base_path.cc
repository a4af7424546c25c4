#include "server/base_path.h"

#include <algorithm>

namespace tailrace {
namespace {

void ReplaceAll(std::string& text, std::string_view from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

bool IsPlain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
         c == '_' || c == '~' || c == '-' || c == '/';
}

}  // namespace

Result<void> CheckBasePath(std::string_view base) {
  if (base.empty()) return {};
  const std::string segments = std::string(base) + "/";
  const bool good = base.starts_with('/') && std::ranges::all_of(base, IsPlain) &&
                    !segments.contains("//") && !segments.contains("/./") &&
                    !segments.contains("/../");
  if (good) return {};
  return FailField(ErrorCode::kInvalid, "base_path",
                   "base_path: '" + std::string(base) +
                       "' must be empty or begin with / and not end with it, as in /tailrace");
}

std::string_view WithoutBase(std::string_view path, std::string_view base) {
  if (base.empty() || !path.starts_with(base)) return path;
  const std::string_view rest = path.substr(base.size());
  return rest.starts_with('/') ? rest : path;
}

IndexPage::IndexPage(std::string_view base) {
  if (base.empty()) return;
  const Asset& index = *FindAsset("/index.html");
  bytes_ = index.bytes;
  ReplaceAll(bytes_, "=\"/assets/", "=\"" + std::string(base) + "/assets/");
  ReplaceAll(bytes_, "name=\"tailrace-base\" content=\"",
             "name=\"tailrace-base\" content=\"" + std::string(base));
  etag_ = index.etag;
  etag_.insert(etag_.size() - 1, base);
}

Asset IndexPage::asset() const {
  Asset index = *FindAsset("/index.html");
  if (bytes_.empty()) return index;
  index.bytes = bytes_;
  index.gzip_bytes = {};
  index.etag = etag_;
  return index;
}

}  // namespace tailrace
