// Authenticator: one way of saying who a request comes from. All that are configured stand in an
// AuthenticatorChain; the server's gate asks it before any handler.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "access/identity.h"
#include "http/problem.h"
#include "http/request.h"

namespace tailrace {

/// What a request shows of its sender. Everything in it dies with the call that gets it.
struct Credentials {
  const RequestHead& head;
  const Query& query;
  std::string_view client_address = {};  ///< Of the client itself, as far as it is known.
  bool secure = false;                   ///< It came by TLS, here or at a trusted proxy.
  bool from_trusted_proxy = false;       ///< The connection's peer is one; its headers count.
  /// All Cookie fields as one list ("a=1; b=2"); empty: none (RFC 6265 §5.4, RFC 9113 §8.2.3).
  std::string_view cookies = {};
  /// The value of Authorization; empty: none.
  std::string_view authorization = {};
};

/// What an authenticator says of a request.
struct Decision {
  enum class Kind : uint8_t {
    kNotMine,   ///< It shows nothing that this one knows; the next is asked.
    kIdentity,  ///< It is `identity`.
    kRefused,   ///< It shows something that is wrong: the client gets `refusal`, the next is not
                ///< asked.
    kMustAsk,   ///< Only Ask can tell.
  };
  Kind kind = Kind::kNotMine;
  IdentityPtr identity = nullptr;
  /// 401; or 503 when nobody can tell at the moment, which a stream's client is told as `200` with
  /// `retry:`.
  Problem refusal = {};

  static Decision NotMine() { return {}; }
  static Decision Is(IdentityPtr identity) { return {Kind::kIdentity, std::move(identity)}; }
  static Decision Refuse(Problem problem) { return {Kind::kRefused, nullptr, std::move(problem)}; }
  static Decision MustAsk() { return {Kind::kMustAsk}; }
};

/// Belongs to one worker and is called on its thread only; what workers share (tables of sessions,
/// caches) is behind it and guards itself. Secrets never go into a Problem, an Identity or a log
/// line, and are compared by SameDigest or sodium_memcmp only.
class Authenticator {
 public:
  using Done = std::move_only_function<void(Decision)>;

  virtual ~Authenticator() = default;
  /// What it puts into Identity::proof. Two authenticators of a chain differ in it.
  virtual Proof proof() const = 0;

  /// At once, without blocking: from memory.
  virtual Decision Decide(const Credentials& credentials) = 0;
  /// After kMustAsk: `done` comes on this thread, later than this call returns, once, with anything
  /// but kMustAsk; or never, if the worker stops. Copies what it needs of `credentials`. The
  /// request may be gone by then; `done` knows.
  virtual void Ask(const Credentials& /*credentials*/, Done /*done*/) {}

  /// Whether an identity that it gave still holds, as far as is known now; asked about every
  /// second for each identity with open streams, and not for each stream. False ends these streams
  /// with `event: expired`. Identity::expires is looked at by the caller. One that has to ask
  /// somebody starts asking here, and answers by what it last heard.
  virtual bool StillProves(const Identity& identity) = 0;
};

}  // namespace tailrace
