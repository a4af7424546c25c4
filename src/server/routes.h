// Routes: from a request to its handler. The whole surface of the server stands in routes.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/router.h"
#include "server/call.h"
#include "server/gate.h"

namespace tailrace {

class Exchange;
class Worker;

class Routes {
 public:
  Routes();

  /// Answers the request whose head `exchange` holds, or lets its handler do so later.
  void Dispatch(Worker& worker, Exchange& exchange) const;
  /// Goes on with a request that the gate has kept; does nothing if it is gone.
  void Resume(const Reply& reply, Passage passage) const;

  /// One line a route: method, pattern, verb, object (ObjectName). For the tests that try each of
  /// them with each role.
  std::string Describe() const;

 private:
  struct Target {
    std::string method;
    std::string pattern;
    Handler handler;
    Need need;
  };

  void AddLogRoutes();
  void Add(Method method, std::string_view pattern, Handler handler, Need need);
  void Go(Worker& worker, Exchange& exchange, Passage passage) const;
  static Answer MethodAnswer(const RouteMatch& match);

  Router router_;
  std::vector<Target> targets_;
};

}  // namespace tailrace
