// Routes: from a request to its handler. The whole surface of the server stands in routes.cc.
#pragma once

#include <vector>

#include "http/router.h"
#include "server/call.h"

namespace tailrace {

class Exchange;
class Worker;

class Routes {
 public:
  Routes();

  /// Answers the request whose head `exchange` holds, or lets its handler do so later.
  void Dispatch(Worker& worker, Exchange& exchange) const;

 private:
  void Add(MethodSet methods, std::string_view pattern, Handler handler, bool names_log = false);

  struct Target {
    Handler handler;
    bool names_log;  // the pattern has {type} and {id}
  };
  Router router_;
  std::vector<Target> targets_;
};

}  // namespace tailrace
