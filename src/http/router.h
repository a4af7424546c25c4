// Router: from method and path to a handler's number.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/request.h"

namespace tailrace {

/// A set of methods.
class MethodSet {
 public:
  constexpr MethodSet() = default;
  constexpr MethodSet(std::initializer_list<Method> methods) {
    for (const Method method : methods) Add(method);
  }
  constexpr void Add(Method method) { bits_ |= Bit(method); }
  constexpr void Add(MethodSet other) { bits_ |= other.bits_; }
  constexpr bool Has(Method method) const { return (bits_ & Bit(method)) != 0; }
  constexpr bool Empty() const { return bits_ == 0; }

 private:
  static constexpr uint8_t Bit(Method method) {
    return static_cast<uint8_t>(1u << static_cast<unsigned>(method));
  }
  uint8_t bits_ = 0;
};

struct RouteMatch {
  enum class Kind : uint8_t {
    kFound,             ///< `route` and `params`.
    kOptions,           ///< OPTIONS: answer 204 with Allow (and CORS, if any).
    kMethodNotAllowed,  ///< 405 with Allow.
    kNotFound,          ///< 404.
  };
  Kind kind = Kind::kNotFound;
  int route = -1;
  /// Names as in the pattern (views of the router's own), values percent-decoded.
  std::vector<std::pair<std::string_view, std::string>> params;
  /// kOptions, kMethodNotAllowed: of all patterns that fit the path, as in "GET, HEAD, OPTIONS".
  std::string allow;

  /// Empty if the pattern has no such name.
  std::string_view Param(std::string_view name) const;
};

/// Filled at start, then read by any thread.
class Router {
 public:
  /// `pattern`: '/' and segments, each literal text or {name}; "/a/" and "/a" differ. `route`: the
  /// caller's number, not negative. GET brings HEAD with it. The first route that fits wins.
  void Add(MethodSet methods, std::string_view pattern, int route);

  /// `path` as in RequestHead::path. A {name} takes exactly one segment; none that is empty, "."
  /// or ".." or has a '/' or NUL in it once decoded. Literal segments are compared decoded.
  /// "*" fits OPTIONS only.
  RouteMatch Match(Method method, std::string_view path) const;

 private:
  struct Segment {
    std::string text;
    bool capture = false;
  };
  struct Route {
    MethodSet methods;
    std::vector<Segment> segments;
    int id = -1;
  };

  /// `segments` of a path, decoded.
  static bool Fits(const Route& route, const std::vector<std::string>& segments);

  std::vector<Route> routes_;
};

}  // namespace tailrace
