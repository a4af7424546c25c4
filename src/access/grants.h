// Grants: who may do what with which logs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/log_pattern.h"
#include "base/result.h"

namespace tailrace {

struct Identity;

/// kAdmin contains the others. kWrite does not contain kRead: a producer need not see what it
/// writes.
enum class Verb : uint8_t {
  kRead,   ///< See that the log exists, and read it.
  kWrite,  ///< Create, append, end.
  kAdmin,  ///< Delete.
};

/// "read", "write", "admin".
std::string_view VerbName(Verb verb);
std::optional<Verb> ParseVerb(std::string_view name);

class VerbSet {
 public:
  VerbSet() = default;
  VerbSet(std::initializer_list<Verb> verbs) {
    for (const Verb verb : verbs) Add(verb);
  }
  void Add(Verb verb) { bits_ |= Bit(verb); }
  /// Whether one of them is, or contains, `verb`.
  bool Covers(Verb verb) const { return (bits_ & (Bit(verb) | Bit(Verb::kAdmin))) != 0; }
  bool Has(Verb verb) const { return (bits_ & Bit(verb)) != 0; }
  bool Empty() const { return bits_ == 0; }
  bool operator==(const VerbSet&) const = default;

 private:
  static uint8_t Bit(Verb verb) { return static_cast<uint8_t>(1U << static_cast<uint8_t>(verb)); }
  uint8_t bits_ = 0;
};

/// As LogInfo's.
using LabelMap = std::map<std::string, std::string>;

/// Some verbs on some logs.
struct Scope {
  VerbSet may;
  std::vector<LogPattern> logs;  ///< One of them fits. Never empty.
  LabelMap labels;               ///< All are the log's. Empty: whatever it has.

  bool FitsName(std::string_view type, std::string_view id) const;
  bool FitsLabels(const LabelMap& of_log) const;
};

/// A scope and to whom it is given: everybody who fits one of the fields.
struct Grant {
  std::vector<std::string> users;
  std::vector<std::string> groups;
  bool anyone = false;     ///< Also who did not say who he is.
  bool signed_in = false;  ///< Everybody who did.
  Scope scope;
  std::string origin;  ///< "tailrace.toml:12".

  bool IsFor(const Identity& identity) const;
};

/// What the configuration says. Immutable; all workers hold the same one.
struct Policy {
  std::vector<Grant> grants;
};
using PolicyPtr = std::shared_ptr<const Policy>;

/// Everybody may do everything: access control is off.
PolicyPtr OpenPolicy();

/// Whether something is permitted, as far as a log's name tells.
enum class NameVerdict : uint8_t {
  kNo,
  kByLabels,  ///< If the log exists and has the labels; ask with them.
  kYes,
};

/// What one identity may do under one policy. Cheap to make; keeps both alive.
class Rights {
 public:
  Rights() = default;  ///< To nothing.
  Rights(PolicyPtr policy, std::shared_ptr<const Identity> identity);

  NameVerdict To(Verb verb, std::string_view type, std::string_view id) const;
  bool To(Verb verb, std::string_view type, std::string_view id, const LabelMap& labels) const;
  /// To every log that there is or will be.
  bool ToAll(Verb verb) const;
  /// To anything at all.
  bool ToSome(Verb verb) const;

 private:
  PolicyPtr policy_;
  std::shared_ptr<const Identity> identity_;
  std::vector<const Scope*> scopes_;  // of these two
};

}  // namespace tailrace
