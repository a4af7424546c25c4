#include "http/router.h"

#include "base/check.h"

namespace tailrace {
namespace {

constexpr Method kAllMethods[] = {Method::kGet,   Method::kHead,   Method::kPost,   Method::kPut,
                                  Method::kPatch, Method::kDelete, Method::kOptions};

// "/a/b/" -> "a", "b", "": a trailing slash is a last segment that is empty.
std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  if (!path.starts_with('/')) return segments;
  path.remove_prefix(1);
  for (;;) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool IsCapturable(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find('/') == std::string_view::npos &&
         segment.find('\0') == std::string_view::npos;
}

std::string AllowValue(MethodSet methods) {
  std::string allow;
  for (const Method method : kAllMethods) {
    if (!methods.Has(method)) continue;
    if (!allow.empty()) allow.append(", ");
    allow.append(MethodName(method));
  }
  return allow;
}

}  // namespace

std::string_view RouteMatch::Param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (key == name) return value;
  }
  return {};
}

void Router::Add(MethodSet methods, std::string_view pattern, int route) {
  CHECK(pattern.starts_with('/') && route >= 0 && !methods.Empty());
  Route added;
  added.methods = methods;
  if (methods.Has(Method::kGet)) added.methods.Add(Method::kHead);
  added.id = route;
  for (std::string_view text : SplitPath(pattern)) {
    const bool capture = text.size() > 2 && text.starts_with('{') && text.ends_with('}');
    if (capture) text = text.substr(1, text.size() - 2);
    added.segments.push_back({std::string(text), capture});
  }
  routes_.push_back(std::move(added));
}

RouteMatch Router::Match(Method method, std::string_view path) const {
  std::vector<std::string> segments;
  for (const std::string_view text : SplitPath(path)) {
    if (!PercentDecode(text, false, segments.emplace_back())) return {};
  }
  RouteMatch match;
  MethodSet allowed;
  for (const Route& route : routes_) {
    if (path != "*" && !Fits(route, segments)) continue;
    allowed.Add(route.methods);
    if (path == "*" || !route.methods.Has(method)) continue;
    match.kind = RouteMatch::Kind::kFound;
    match.route = route.id;
    for (size_t i = 0; i < segments.size(); ++i) {
      if (route.segments[i].capture) {
        match.params.emplace_back(route.segments[i].text, std::move(segments[i]));
      }
    }
    return match;
  }
  if (allowed.Empty()) return match;
  allowed.Add(Method::kOptions);
  match.kind =
      method == Method::kOptions ? RouteMatch::Kind::kOptions : RouteMatch::Kind::kMethodNotAllowed;
  match.allow = AllowValue(allowed);
  return match;
}

bool Router::Fits(const Route& route, const std::vector<std::string>& segments) {
  if (route.segments.size() != segments.size()) return false;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = route.segments[i];
    if (segment.capture ? !IsCapturable(segments[i]) : segment.text != segments[i]) return false;
  }
  return true;
}

}  // namespace tailrace
