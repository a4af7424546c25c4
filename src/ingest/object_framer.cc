#include "ingest/object_framer.h"

#include <cstring>

namespace tailrace {
namespace {

// An upload that lasts for hours keeps no larger buffer between its objects.
constexpr size_t kKeptBytes = 16 << 10;

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The part of an object that came in earlier pieces.
class Pending {
 public:
  explicit Pending(size_t max_bytes) : max_bytes_(max_bytes) {}

  Result<void> Append(std::string_view bytes) {
    if (bytes.size() > max_bytes_ - bytes_.size()) return TooLarge();
    bytes_.append(bytes);
    return {};
  }

  /// The whole object that ends with `end`; no copy if nothing is kept.
  Result<std::string_view> Complete(std::string_view end) {
    complete_ = true;
    if (end.size() > max_bytes_ - bytes_.size()) return TooLarge();
    if (bytes_.empty()) return end;
    bytes_.append(end);
    return std::string_view(bytes_);
  }

  /// Drops what Complete gave out before.
  void Renew() {
    if (!complete_) return;
    complete_ = false;
    bytes_.clear();
    if (bytes_.capacity() > kKeptBytes) bytes_.shrink_to_fit();
  }

  bool Empty() const { return bytes_.empty(); }

 private:
  std::unexpected<Error> TooLarge() const {
    return Fail(ErrorCode::kTooLarge,
                "is larger than " + std::to_string(max_bytes_) + " bytes of JSON");
  }

  size_t max_bytes_;
  std::string bytes_;
  bool complete_ = false;
};

class LineFramer final : public ObjectFramer {
 public:
  explicit LineFramer(size_t max_object_bytes) : pending_(max_object_bytes) {}

  Result<bool> Next(std::string_view& in, std::string_view& object) override {
    while (!in.empty()) {
      pending_.Renew();
      const void* found = std::memchr(in.data(), '\n', in.size());
      if (found == nullptr) {
        const std::string_view part = std::exchange(in, {});
        if (Result<void> kept = pending_.Append(part); !kept) return Fail(kept.error());
        return false;
      }
      const auto size = static_cast<size_t>(static_cast<const char*>(found) - in.data());
      Result<std::string_view> line = pending_.Complete(in.substr(0, size));
      if (!line) return Fail(line.error());
      in.remove_prefix(size + 1);
      if (IsBlank(*line)) continue;
      object = *line;
      return true;
    }
    return false;
  }

  Result<bool> Finish(std::string_view& object) override {
    pending_.Renew();
    Result<std::string_view> line = pending_.Complete({});
    if (!line) return Fail(line.error());
    object = *line;
    return !IsBlank(object);
  }

 private:
  Pending pending_;
};

class ArrayFramer final : public ObjectFramer {
 public:
  explicit ArrayFramer(size_t max_object_bytes) : pending_(max_object_bytes) {}

  Result<bool> Next(std::string_view& in, std::string_view& object) override {
    pending_.Renew();
    while (!in.empty()) {
      if (state_ == State::kObject) return Scan(in, object);
      if (IsSpace(in.front())) {
        in.remove_prefix(1);
      } else if (Result<void> step = Between(in); !step) {
        return Fail(step.error());
      }
    }
    return false;
  }

  Result<bool> Finish(std::string_view& /*object*/) override {
    switch (state_) {
      case State::kEnd:
        return false;
      case State::kStart:
        return Fail(ErrorCode::kInvalid, "is missing: the body is empty");
      case State::kObject:
        return Fail(ErrorCode::kInvalid, "is cut: the body ends inside of it");
      default:
        return Fail(ErrorCode::kInvalid, "is missing: the array is not closed");
    }
  }

 private:
  enum class State : uint8_t {
    kStart,      // nothing but blanks yet
    kFirst,      // behind '['
    kElement,    // behind ','
    kObject,     // inside an object
    kSeparator,  // behind an object of an array
    kEnd,
  };

  // One byte that is neither blank nor in an object.
  Result<void> Between(std::string_view& in) {
    const char c = in.front();
    const bool opens =
        state_ == State::kStart || state_ == State::kFirst || state_ == State::kElement;
    if (c == '{' && opens) {  // Scan takes it
      in_array_ = state_ != State::kStart;
      state_ = State::kObject;
      return {};
    }
    if (c == '[' && state_ == State::kStart) {
      state_ = State::kFirst;
    } else if (c == ']' && (state_ == State::kFirst || state_ == State::kSeparator)) {
      state_ = State::kEnd;
    } else if (c == ',' && state_ == State::kSeparator) {
      state_ = State::kElement;
    } else if (state_ == State::kEnd) {
      return Fail(ErrorCode::kInvalid, "comes behind the end of the JSON body");
    } else if (state_ == State::kSeparator) {
      return Fail(ErrorCode::kInvalid, "does not follow a comma");
    } else {
      return Fail(ErrorCode::kInvalid, "is not a JSON object");
    }
    in.remove_prefix(1);
    return {};
  }

  Result<bool> Scan(std::string_view& in, std::string_view& object) {
    const size_t size = FindEnd(in);
    if (size == 0) {
      const std::string_view part = std::exchange(in, {});
      if (Result<void> kept = pending_.Append(part); !kept) return Fail(kept.error());
      return false;
    }
    Result<std::string_view> whole = pending_.Complete(in.substr(0, size));
    if (!whole) return Fail(whole.error());
    object = *whole;
    in.remove_prefix(size);
    state_ = in_array_ ? State::kSeparator : State::kEnd;
    return true;
  }

  // How many bytes at the front of `in` end the object; 0: all of them go on with it. Kinds of
  // brackets are not told apart here.
  size_t FindEnd(std::string_view in) {
    size_t i = 0;
    while (i < in.size()) {
      if (escaped_) {
        escaped_ = false;
        ++i;
      } else if (in_string_) {
        while (i < in.size() && in[i] != '"' && in[i] != '\\') ++i;
        if (i == in.size()) break;
        escaped_ = in[i] == '\\';
        in_string_ = escaped_;
        ++i;
      } else {
        const char c = in[i++];
        if (c == '"') in_string_ = true;
        if (c == '{' || c == '[') ++depth_;
        if ((c == '}' || c == ']') && --depth_ == 0) return i;
      }
    }
    return 0;
  }

  Pending pending_;
  State state_ = State::kStart;
  bool in_array_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  uint64_t depth_ = 0;
};

}  // namespace

std::unique_ptr<ObjectFramer> MakeLineFramer(size_t max_object_bytes) {
  return std::make_unique<LineFramer>(max_object_bytes);
}

std::unique_ptr<ObjectFramer> MakeArrayFramer(size_t max_object_bytes) {
  return std::make_unique<ArrayFramer>(max_object_bytes);
}

}  // namespace tailrace
