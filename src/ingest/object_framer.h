// ObjectFramer: finds the JSON objects in a body that comes in pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tailrace {

/// Finds where objects begin and end; whether they are JSON is their reader's business. One thread.
class ObjectFramer {
 public:
  virtual ~ObjectFramer() = default;

  /// Takes bytes off the front of `in`. True: `object` is the next whole one, as it came; it is
  /// valid until the next call and as long as the bytes of `in`. False: `in` is empty. kInvalid,
  /// kTooLarge with a reason that continues "entry n …".
  virtual Result<bool> Next(std::string_view& in, std::string_view& object) = 0;

  /// The body is complete. True: `object` is the last one. kInvalid: it ended too early.
  virtual Result<bool> Finish(std::string_view& object) = 0;
};

/// application/x-ndjson: an object a line, blank lines skipped.
std::unique_ptr<ObjectFramer> MakeLineFramer(size_t max_object_bytes);

/// application/json: one object, or an array of them; an empty body is not JSON.
std::unique_ptr<ObjectFramer> MakeArrayFramer(size_t max_object_bytes);

}  // namespace tailrace
