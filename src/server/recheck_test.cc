// How long a stream goes on at the most after its viewer has lost the right to it, with the
// settings as they are by default: each way of losing it is played at every moment, by a clock of
// our own, and with servers that take as long as they are let.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "access/access_reviews.h"
#include "access/authenticator_chain.h"
#include "access/forward_auth.h"
#include "access/jwt_authenticator.h"
#include "access/proxy_headers.h"
#include "server/server_config.h"

namespace tailrace {
namespace {

constexpr uint64_t kMostMs = 5'000;
constexpr uint64_t kStepMs = 20;
constexpr TimeNs kNsPerMs = 1'000'000;
constexpr std::string_view kKey = R"({"kid":"one","kty":"OKP","crv":"Ed25519",)"
                                  R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIuaaRI0Bs"})";

// Answers as late as it may, by what holds when it is asked.
class SlowServer final : public HttpFetcher {
 public:
  struct Question {
    FetchReply reply;
    uint64_t due_ms;
    Done done;
  };
  SlowServer(std::optional<Question>& question, const uint64_t& now_ms, const FetchReply& reply)
      : question_(question), now_ms_(now_ms), reply_(reply) {}
  void Fetch(FetchRequest request, Done done) override {
    question_.emplace(reply_, now_ms_ + request.timeout_ms - 1, std::move(done));
  }

 private:
  std::optional<Question>& question_;
  const uint64_t& now_ms_;
  const FetchReply& reply_;
};

class RecheckTest : public testing::Test, public Clock {
 protected:
  TimeNs Now() const override { return static_cast<TimeNs>(now_ms_) * kNsPerMs; }

  std::unique_ptr<HttpFetcher> Server() {
    return std::make_unique<SlowServer>(question_, now_ms_, reply_);
  }
  ForwardAuth::NowMs Time() {
    return [this] { return now_ms_; };
  }
  void AnswerIfDue() {
    if (!question_ || now_ms_ < question_->due_ms) return;
    SlowServer::Question question = std::move(*question_);
    question_.reset();
    question.done(std::move(question.reply));
  }

  // From when `lose` was called until a recheck saw it. Rechecks come every recheck_ms.
  template <typename Lose, typename Holds>
  uint64_t Play(uint64_t lose_after_ms, Lose lose, Holds holds) {
    const uint64_t begin_ms = now_ms_;
    for (uint64_t ms = 1; ms < 100'000; ++ms) {
      ++now_ms_;
      AnswerIfDue();
      if (ms % config_.access.recheck_ms == 0 && !holds())
        return now_ms_ - begin_ms - lose_after_ms;
      if (ms == lose_after_ms) lose();
    }
    return 100'000;
  }

  // What holds for two rounds of questions holds for all.
  template <typename Make>
  uint64_t Worst(uint64_t round_ms, Make play) {
    uint64_t worst_ms = 0;
    for (uint64_t ms = 1; ms < 2 * round_ms; ms += kStepMs) {
      worst_ms = std::max(worst_ms, play(ms));
    }
    RecordProperty("worst_ms", static_cast<int>(worst_ms));
    return worst_ms;
  }

  const ServerConfig config_;
  uint64_t now_ms_ = 1'000'000;
  FetchReply reply_;
  std::optional<SlowServer::Question> question_;
};

// Until the files were looked at (AccessService), and then the identity (Gate).
TEST_F(RecheckTest, AUserOrTokenIsRevokedByTheCommandLine) {
  EXPECT_LT(2 * config_.access.recheck_ms, kMostMs);
}

TEST_F(RecheckTest, ALogOutAtAPortalThatIsSlow) {
  ForwardAuthConfig forward = config_.forward_auth;
  forward.url = "http://portal/check";
  const uint64_t round_ms = forward.cache_ms + forward.timeout_ms + 2 * config_.access.recheck_ms;
  const auto play = [&](uint64_t log_out_ms) {
    reply_ = {.status = 200};
    reply_.headers.Add("Remote-User", "joe");
    const auto auth = std::move(*ForwardAuth::Make(forward, Server(), Time()));
    RequestHead head;
    Query query;
    Credentials credentials{head, query};
    credentials.cookies = "s=1";
    IdentityPtr joe;
    auth->Ask(
        credentials, [](std::move_only_function<void()> task) { task(); },
        [&joe](Decision decision) { joe = std::move(decision.identity); });
    question_->due_ms = now_ms_;
    AnswerIfDue();
    return Play(
        log_out_ms, [this] { reply_ = {.status = 401}; }, [&] { return auth->StillProves(*joe); });
  };
  const uint64_t worst_ms = Worst(round_ms, play);
  EXPECT_LT(worst_ms, kMostMs);
  EXPECT_GT(worst_ms, forward.cache_ms) << "it cannot be known sooner";
}

TEST_F(RecheckTest, AClusterThatIsSlowTakesARightBack) {
  const AccessReviewConfig& review = config_.access_review;
  const ReviewQuestion joe{
      .cluster = "prod", .namespace_name = "shop", .user = "joe", .groups = {}};
  const uint64_t round_ms = review.allow_ms + review.timeout_ms + 2 * config_.access.recheck_ms;
  const auto play = [&](uint64_t forbid_ms) {
    bool allowed = true;
    question_.reset();
    AccessReviews reviews(
        review,
        [&](const ReviewQuestion& /*asked*/, AccessReviews::Answered answered) {
          const ReviewAnswer answer = allowed ? ReviewAnswer::kAllowed : ReviewAnswer::kDenied;
          question_.emplace(FetchReply(), now_ms_ + review.timeout_ms - 1,
                            [answer, answered = std::move(answered)](
                                const FetchReply& /*reply*/) mutable { answered(answer); });
        },
        [this] { return now_ms_; });
    ReviewVerdict heard = reviews.Watch(joe);
    question_->due_ms = now_ms_;
    AnswerIfDue();
    return Play(
        forbid_ms, [&] { allowed = false; },
        [&] {  // as Gate::Recheck
          const ReviewVerdict verdict = reviews.Watch(joe);
          if (verdict != ReviewVerdict::kNotKnown) heard = verdict;
          return heard != ReviewVerdict::kDenied;
        });
  };
  EXPECT_LT(Worst(round_ms, play), kMostMs);
}

TEST_F(RecheckTest, AnIssuerThatIsSlowTakesAKeyBack) {
  JwtConfig jwt = config_.jwt;
  jwt.keys = "https://issuer.test/keys";
  jwt.issuer = "https://issuer.test";
  jwt.audience = {"logs"};
  const Identity joe{.user = "joe", .proof = Proof::kJwt, .credential = "one#hash"};
  const uint64_t round_ms = jwt.refresh_ms + kKeyFetchTimeoutMs + 2 * config_.access.recheck_ms;
  const auto play = [&](uint64_t remove_ms) {
    reply_ = {.status = 200, .body = "{\"keys\":[" + std::string(kKey) + "]}"};
    const auto keys = std::move(*JwtKeys::Make(jwt, Server(), Time()));
    question_->due_ms = now_ms_;
    AnswerIfDue();
    JwtAuthenticator authenticator(jwt, *keys, nullptr, *this);
    EXPECT_TRUE(authenticator.StillProves(joe));
    return Play(
        remove_ms, [this] { reply_.body.replace(reply_.body.find("one"), 3, "two"); },
        [&] { return authenticator.StillProves(joe); });
  };
  EXPECT_LT(Worst(round_ms, play), kMostMs);
}

// Sessions, tokens, links and tokens of issuers alike.
TEST_F(RecheckTest, TheTimeOfAnIdentityIsOver) {
  const Identity joe{.user = "joe", .proof = Proof::kJwt, .expires = Now() + kNsPerMs};
  class Believes final : public Authenticator {
   public:
    Proof proof() const override { return Proof::kJwt; }
    Decision Decide(const Credentials& /*credentials*/) override { return Decision::NotMine(); }
    bool StillProves(const Identity& /*identity*/) override { return true; }
  };
  AuthenticatorChain chain(*this);
  chain.Add(std::make_unique<Believes>());
  EXPECT_LE(Play(
                1, [] {}, [&] { return chain.StillHolds(joe); }),
            config_.access.recheck_ms);
}

// Who is logged out is known to the proxy alone: it is asked by the client's coming back.
TEST_F(RecheckTest, WhatAProxySaysIsBelievedForItsTime) {
  ProxyAuthConfig proxy = config_.proxy_auth;
  proxy.user_header = "X-User";
  ProxyHeadersAuthenticator authenticator(proxy, *this);
  RequestHead head;
  head.headers.Add("X-User", "joe");
  Query query;
  Credentials credentials{head, query};
  credentials.from_trusted_proxy = true;
  const IdentityPtr joe = authenticator.Decide(credentials).identity;
  AuthenticatorChain chain(*this);
  chain.Add(std::make_unique<ProxyHeadersAuthenticator>(proxy, *this));
  EXPECT_LE(Play(
                0, [] {}, [&] { return chain.StillHolds(*joe); }),
            proxy.max_age_ms + config_.access.recheck_ms);
}

}  // namespace
}  // namespace tailrace
