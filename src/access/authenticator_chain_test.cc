#include "access/authenticator_chain.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

class FixedClock final : public Clock {
 public:
  TimeNs Now() const override { return now; }
  TimeNs now = 1'000;
};

// Decides by a word in Authorization.
class WordAuthenticator final : public Authenticator {
 public:
  WordAuthenticator(Proof proof, std::string word) : proof_(proof), word_(std::move(word)) {}
  Proof proof() const override { return proof_; }
  Decision Decide(const Credentials& credentials) override {
    if (credentials.authorization == "ask") return Decision::MustAsk();
    if (credentials.authorization == "bad") return Decision::Refuse(ProblemFrom(401, "bad"));
    if (credentials.authorization != word_) return Decision::NotMine();
    return Decision::Is(Make());
  }
  void Ask(const Credentials& /*credentials*/, Done done) override { done(Decision::Is(Make())); }
  bool StillProves(const Identity& identity) override { return identity.user == word_; }

 private:
  IdentityPtr Make() const {
    Identity identity;
    identity.user = word_;
    identity.proof = proof_;
    return std::make_shared<const Identity>(std::move(identity));
  }
  Proof proof_;
  std::string word_;
};

class ChainTest : public testing::Test {
 protected:
  ChainTest() : chain_(clock_) {
    chain_.Add(std::make_unique<WordAuthenticator>(Proof::kToken, "one"));
    chain_.Add(std::make_unique<WordAuthenticator>(Proof::kJwt, "two"));
  }
  Decision Decide(std::string_view authorization, size_t first = 0) {
    Credentials credentials{head_, query_};
    credentials.authorization = authorization;
    return chain_.Decide(credentials, first, by_);
  }

  FixedClock clock_;
  AuthenticatorChain chain_;
  RequestHead head_;
  Query query_;
  size_t by_ = 9;
};

TEST_F(ChainTest, TheFirstThatKnowsDecides) {
  EXPECT_EQ(Decide("two").identity->proof, Proof::kJwt);
  EXPECT_EQ(by_, 1U);
  EXPECT_EQ(Decide("bad").kind, Decision::Kind::kRefused);
  EXPECT_EQ(by_, 0U);
}

TEST_F(ChainTest, WhoShowsNothingIsAnyone) {
  const Decision decision = Decide("");
  ASSERT_EQ(decision.kind, Decision::Kind::kIdentity);
  EXPECT_FALSE(decision.identity->IsSomebody());
  EXPECT_EQ(by_, 2U);
}

TEST_F(ChainTest, GoesOnBehindTheOneThatWasAsked) {
  EXPECT_EQ(Decide("ask").kind, Decision::Kind::kMustAsk);
  EXPECT_EQ(Decide("one", by_ + 1).identity->proof, Proof::kNone);
}

TEST_F(ChainTest, HoldsUntilItExpiresOrIsNotProvenAnyMore) {
  Identity identity = *Decide("two").identity;
  EXPECT_TRUE(chain_.StillHolds(identity));
  identity.expires = clock_.now + 1;
  EXPECT_TRUE(chain_.StillHolds(identity));
  clock_.now += 1;
  EXPECT_FALSE(chain_.StillHolds(identity));
  identity.expires.reset();
  identity.user = "three";
  EXPECT_FALSE(chain_.StillHolds(identity));
  identity.user = "two";
  identity.proof = Proof::kLink;
  EXPECT_FALSE(chain_.StillHolds(identity)) << "nobody here gave it";
  EXPECT_TRUE(chain_.StillHolds(*Anyone()));
}

}  // namespace
}  // namespace tailrace
