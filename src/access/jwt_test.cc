#include "access/jwt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include <algorithm>
#include <map>

#include "access/jwt_authenticator.h"

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Kind = JwtVerdict::Kind;

constexpr TimeNs kNow = 1'700'000'000'000'000'000;
constexpr int64_t kNowS = 1'700'000'000;

// RFC 7515 A.2 and A.3, RFC 8037 A.2.
constexpr std::string_view kRsaN =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr std::string_view kEcX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view kEcY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view kEdX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
constexpr std::string_view kJoe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr std::string_view kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

std::string Key(std::string_view type, std::string_view id, std::string_view members) {
  return "{\"kty\":\"" + std::string(type) + "\",\"kid\":\"" + std::string(id) + "\"," +
         std::string(members) + "}";
}
std::string RfcRsa() {
  return Key("RSA", "rsa", "\"e\":\"AQAB\",\"n\":\"" + std::string(kRsaN) + "\"");
}
std::string RfcEc() {
  return Key(
      "EC", "ec",
      "\"crv\":\"P-256\",\"x\":\"" + std::string(kEcX) + "\",\"y\":\"" + std::string(kEcY) + "\"");
}
std::string RfcEd() {
  return Key("OKP", "ed", "\"crv\":\"Ed25519\",\"x\":\"" + std::string(kEdX) + "\"");
}
std::string Keys(std::initializer_list<std::string> keys) {
  std::string json = "{\"keys\":[";
  for (const std::string& key : keys) json += (json.ends_with('[') ? "" : ",") + key;
  return json + "]}";
}
KeySet Parse(const std::string& json) {
  auto set = KeySet::Parse(json);
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return std::move(*set);
}

// An issuer of our own.
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

struct Signer {
  std::unique_ptr<EVP_PKEY, FreeKey> key;
  std::string type;
  std::string Number(const char* name) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key.get(), name, &number);
    std::string bytes(type == "EC" ? 32 : static_cast<size_t>(BN_num_bytes(number)), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()),
                 static_cast<int>(bytes.size()));
    BN_free(number);
    return EncodeBase64Url(bytes);
  }
  std::string Jwk(const std::string& id) const {
    if (type == "RSA") {
      return Key(type, id,
                 "\"n\":\"" + Number(OSSL_PKEY_PARAM_RSA_N) + "\",\"e\":\"" +
                     Number(OSSL_PKEY_PARAM_RSA_E) + "\"");
    }
    if (type == "EC") {
      return Key(type, id,
                 "\"crv\":\"P-256\",\"x\":\"" + Number(OSSL_PKEY_PARAM_EC_PUB_X) + "\",\"y\":\"" +
                     Number(OSSL_PKEY_PARAM_EC_PUB_Y) + "\"");
    }
    std::string bytes(32, '\0');
    size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    return Key(type, id, "\"crv\":\"Ed25519\",\"x\":\"" + EncodeBase64Url(bytes) + "\"");
  }
  std::string Sign(const std::string& text) const {
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, type == "OKP" ? nullptr : EVP_sha256(), nullptr,
                       key.get());
    std::string signature(1024, '\0');
    size_t size = signature.size();
    auto* const out = reinterpret_cast<unsigned char*>(signature.data());
    const auto* const in = reinterpret_cast<const unsigned char*>(text.data());
    EXPECT_EQ(EVP_DigestSign(context, out, &size, in, text.size()), 1);
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return type == "EC" ? Raw(signature) : signature;
  }
  static std::string Raw(const std::string& der) {
    const auto* in = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* const pair = d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size()));
    std::string raw(64, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32);
    ECDSA_SIG_free(pair);
    return raw;
  }
};

// Keys for the whole program: making one of RSA takes a while.
const Signer& SignerOf(const std::string& type) {
  static std::map<std::string, Signer> signers;
  if (!signers.contains(type)) {
    EVP_PKEY* key = nullptr;
    if (type == "RSA") key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048});
    if (type == "EC") key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    if (type == "OKP") key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    signers[type] = {std::unique_ptr<EVP_PKEY, FreeKey>(key), type};
  }
  return signers[type];
}

std::string AlgorithmOf(const std::string& type) {
  if (type == "RSA") return "RS256";
  return type == "EC" ? "ES256" : "EdDSA";
}

std::string Token(const Signer& signer, const std::string& header, const std::string& payload) {
  const std::string text = EncodeBase64Url(header) + "." + EncodeBase64Url(payload);
  return text + "." + EncodeBase64Url(signer.Sign(text));
}

const JwtConfig kConfig{.issuer = "https://issuer.test", .audience = {"tailrace", "logs"}};

std::string Claims(const std::string& more = "", int64_t expires = kNowS + 600) {
  return R"({"iss":"https://issuer.test","aud":"tailrace","sub":"joe","exp":)" +
         std::to_string(expires) + more + "}";
}

const KeySet& Issuer() {
  static const KeySet kKeys =
      Parse(Keys({SignerOf("RSA").Jwk("r1"), SignerOf("EC").Jwk("e1"), SignerOf("OKP").Jwk("o1")}));
  return kKeys;
}

JwtVerdict Verify(const std::string& token, const JwtConfig& config = kConfig) {
  return VerifyJwt(token, Issuer(), config, kNow);
}
// Signed by the EC key.
JwtVerdict VerifyClaims(const std::string& claims, const JwtConfig& config = kConfig) {
  return Verify(Token(SignerOf("EC"), R"({"alg":"ES256","kid":"e1"})", claims), config);
}
JwtVerdict VerifyHeader(const std::string& header) {
  return Verify(Token(SignerOf("EC"), header, Claims()));
}

TEST(JsonWebKey, SignaturesOfTheStandards) {
  const KeySet keys = Parse(Keys({RfcRsa(), RfcEc(), RfcEd()}));
  std::string rsa;
  std::string ec;
  std::string ed;
  ASSERT_TRUE(DecodeBase64Url(kRsaSignature, rsa));
  ASSERT_TRUE(
      DecodeBase64Url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ"
                      "xfKTUJqPP3-Kg6NU1Q",
                      ec));
  ASSERT_TRUE(
      DecodeBase64Url("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsP"
                      "t9g7sVvpAr_MuM0KAg",
                      ed));
  const std::string rsa_text = "eyJhbGciOiJSUzI1NiJ9." + std::string(kJoe);
  const std::string ec_text = "eyJhbGciOiJFUzI1NiJ9." + std::string(kJoe);
  const std::string ed_text = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const auto* const rsa_key = keys.Find("rsa", JwtAlgorithm::kRs256).at(0);
  const auto* const ec_key = keys.Find("ec", JwtAlgorithm::kEs256).at(0);
  const auto* const ed_key = keys.Find("ed", JwtAlgorithm::kEdDsa).at(0);
  EXPECT_TRUE(rsa_key->Verifies(rsa_text, rsa));
  EXPECT_TRUE(ec_key->Verifies(ec_text, ec));
  EXPECT_TRUE(ed_key->Verifies(ed_text, ed));
  for (const JsonWebKey* key : {rsa_key, ec_key, ed_key}) {
    for (const std::string& signature : {rsa, ec, ed}) {
      EXPECT_FALSE(key->Verifies("another text", signature));
    }
    EXPECT_FALSE(key->Verifies(rsa_text, ""));
    EXPECT_FALSE(key->Verifies(ec_text, std::string(64, '\0'))) << "r = s = 0";
  }
}

TEST(JsonWebKey, SetsThatAreNone) {
  const auto refusal = [](const std::string& json) {
    const auto set = KeySet::Parse(json);
    EXPECT_FALSE(set) << json;
    return set ? "" : set.error().message;
  };
  for (const char* json : {"", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[1,null]}",
                           "nonsense", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}"}) {
    refusal(json);
  }
  EXPECT_THAT(refusal(Keys({Key("RSA", "weak", R"("e":"AQAB","n":"AQAB")")})),
              HasSubstr("key 'weak' is broken or too weak"));
  EXPECT_THAT(refusal(Keys({Key("EC", "off",
                                "\"crv\":\"P-256\",\"x\":\"" + std::string(kEcX) + "\",\"y\":\"" +
                                    std::string(kEcX) + "\"")})),
              HasSubstr("key 'off'"))
      << "a point that is not on the curve";
  EXPECT_THAT(refusal(Keys({Key("EC", "short", R"("crv":"P-256","x":"AA","y":"AA")")})),
              HasSubstr("key 'short'"));
  refusal(std::string(kMaxJwksBytes + 1, ' '));
  std::string many = "{\"keys\":[1";
  for (size_t i = 0; i < kMaxJwks; ++i) many += ",1";
  EXPECT_THAT(refusal(many + "]}"), HasSubstr("at most 64 keys"));
}

TEST(JsonWebKey, KeysForOtherUsesAreLeftOut) {
  const std::string ec = RfcEc();
  const auto with = [&ec](const std::string& more) {
    return ec.substr(0, ec.size() - 1) + "," + more + "}";
  };
  const KeySet keys =
      Parse(Keys({with(R"("use":"enc")"), with(R"("alg":"ES384")"), with(R"("alg":"HS256")"),
                  with(R"("key_ops":["sign"])"), with(R"("use":"sig","alg":"ES256")"),
                  R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", "{}"}));
  EXPECT_EQ(keys.Size(), 1u);
}

TEST(Jwt, EveryAlgorithmByItsOwnKey) {
  for (const std::string type : {"RSA", "EC", "OKP"}) {
    const std::string algorithm = AlgorithmOf(type);
    const std::string token = Token(SignerOf(type), R"({"alg":")" + algorithm + R"("})", Claims());
    const JwtVerdict verdict = Verify(token);
    EXPECT_EQ(verdict.kind, Kind::kValid) << type << verdict.reason;
    EXPECT_EQ(verdict.user, "joe");
    EXPECT_EQ(verdict.expires, (kNowS + 600) * 1'000'000'000);
    for (size_t i = 0; i < token.size(); ++i) {
      std::string wrong = token;
      wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
      if (Verify(wrong).kind != Kind::kValid) continue;
      ADD_FAILURE() << type << ": byte " << i << " does not matter";
    }
  }
}

TEST(Jwt, TheAlgorithmBelongsToTheKey) {
  const std::string text_of_none =
      EncodeBase64Url(R"({"alg":"none"})") + "." + EncodeBase64Url(Claims()) + ".";
  EXPECT_EQ(Verify(text_of_none).kind, Kind::kInvalid);
  EXPECT_EQ(Verify(text_of_none + "AA").kind, Kind::kInvalid);
  for (const char* algorithm : {"none", "None", "NONE", "HS256", "HS512", "RS512", "PS256", "ES384",
                                "ES256K", "es256", "", "RS256 "}) {
    const JwtVerdict verdict =
        VerifyHeader(R"({"alg":")" + std::string(algorithm) + R"(","kid":"e1"})");
    EXPECT_EQ(verdict.kind, Kind::kInvalid) << algorithm;
    EXPECT_THAT(verdict.reason, HasSubstr("not signed by RS256, ES256 or EdDSA"));
  }
  // The key that is named is of another kind.
  EXPECT_EQ(VerifyHeader(R"({"alg":"RS256","kid":"e1"})").kind, Kind::kUnknownKey);
  EXPECT_EQ(VerifyHeader(R"({"alg":"EdDSA","kid":"e1"})").kind, Kind::kUnknownKey);
  EXPECT_EQ(VerifyHeader(R"({"alg":"ES256","kid":"r1"})").kind, Kind::kUnknownKey);
  EXPECT_EQ(VerifyHeader(R"({"kid":"e1"})").kind, Kind::kInvalid);
}

TEST(Jwt, HeadersThatWantMore) {
  EXPECT_EQ(VerifyHeader(R"({"alg":"ES256","typ":"jwt"})").kind, Kind::kValid);
  EXPECT_EQ(VerifyHeader(R"({"alg":"ES256","typ":"at+JWT"})").kind, Kind::kValid);
  for (const char* header :
       {R"({"alg":"ES256","crit":["exp"]})", R"({"alg":"ES256","b64":false,"crit":["b64"]})",
        R"({"alg":"ES256","typ":"dpop+jwt"})", R"({"alg":"ES256","typ":1})", R"({"alg":["ES256"]})",
        R"({"alg":"ES256","kid":1})", R"({"alg":"none","alg":"ES256"})",
        R"({"alg":"ES256","alg":"ES256"})", "[]", "{", "1"}) {
    EXPECT_EQ(VerifyHeader(header).kind, Kind::kInvalid) << header;
  }
  // Keys that a token brings along mean nothing.
  const Signer stranger{
      std::unique_ptr<EVP_PKEY, FreeKey>(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), "EC"};
  EXPECT_EQ(Verify(Token(stranger, R"({"alg":"ES256","jwk":)" + stranger.Jwk("e1") + "}", Claims()))
                .reason,
            "the token's signature is wrong");
  EXPECT_EQ(VerifyHeader(R"({"alg":"ES256","kid":"other"})").kind, Kind::kUnknownKey);
}

TEST(Jwt, Times) {
  const auto reason = [](const std::string& more, int64_t expires = kNowS + 600) {
    return VerifyClaims(Claims(more, expires)).reason;
  };
  EXPECT_EQ(reason("", kNowS + 1), "");
  EXPECT_EQ(reason("", kNowS), "the token has expired");
  EXPECT_EQ(reason(",\"nbf\":" + std::to_string(kNowS + 60)), "");
  EXPECT_EQ(reason(",\"nbf\":" + std::to_string(kNowS + 61)), "the token is not valid yet");
  EXPECT_EQ(reason(",\"iat\":" + std::to_string(kNowS + 61)), "the token is from the future");
  EXPECT_EQ(reason(",\"nbf\":" + std::to_string(kNowS) + ".5"), "");
  for (const char* none : {"\"1\"", "null", "1e300", "-1e300", "{}", "true"}) {
    EXPECT_EQ(reason(",\"nbf\":" + std::string(none)), "the token has a time that is none") << none;
  }
  EXPECT_EQ(VerifyClaims(R"({"iss":"https://issuer.test","aud":"tailrace","sub":"joe"})").reason,
            "the token does not say when it expires");
  EXPECT_EQ(VerifyClaims(Claims(",\"exp\":9999999999")).kind, Kind::kInvalid) << "twice";
}

TEST(Jwt, IssuerAndAudience) {
  const auto with = [](const std::string& iss, const std::string& aud) {
    return VerifyClaims("{\"iss\":" + iss + ",\"aud\":" + aud +
                        ",\"sub\":\"joe\",\"exp\":" + std::to_string(kNowS + 9) + "}")
        .reason;
  };
  const std::string us = "\"https://issuer.test\"";
  EXPECT_EQ(with(us, R"(["x","logs"])"), "");
  for (const char* iss : {"\"https://issuer.test/\"", "\"\"", "1", "[\"https://issuer.test\"]",
                          "\"https://issuer.test.evil\"", "null"}) {
    EXPECT_EQ(with(iss, "\"logs\""), "the token is of another issuer") << iss;
  }
  for (const char* aud : {"\"log\"", "\"logs \"", "[]", "1", "null", "[[\"logs\"]]", "{}"}) {
    EXPECT_EQ(with(us, aud), "the token is for somebody else") << aud;
  }
}

TEST(Jwt, UserAndGroups) {
  JwtVerdict verdict = VerifyClaims(Claims(R"(,"groups":["ops","dev","ops"])"));
  EXPECT_THAT(verdict.groups, ElementsAre("dev", "ops"));
  verdict = VerifyClaims(Claims(R"(,"groups":"ops, dev")"));
  EXPECT_THAT(verdict.groups, ElementsAre("dev", "ops"));
  JwtConfig config = kConfig;
  config.user_claim = "email";
  config.groups_claim = "realm.roles";
  verdict = VerifyClaims(Claims(R"(,"email":"j@x","realm":{"roles":["a"]})"), config);
  EXPECT_EQ(verdict.user, "j@x");
  EXPECT_THAT(verdict.groups, ElementsAre("a"));
  EXPECT_EQ(VerifyClaims(Claims(), config).reason, "the token does not name its user");
  EXPECT_EQ(VerifyClaims(Claims(R"(,"email":"")"), config).kind, Kind::kInvalid);
  EXPECT_EQ(VerifyClaims(Claims(R"(,"email":"a\u0000b")"), config).kind, Kind::kInvalid);
  for (const char* groups : {"1", "[1]", "{}", "[[\"a\"]]", R"(["a\nb"])"}) {
    EXPECT_EQ(VerifyClaims(Claims(",\"groups\":" + std::string(groups))).kind, Kind::kInvalid);
  }
}

TEST(Jwt, WhatIsNoToken) {
  const std::string token = Token(SignerOf("EC"), R"({"alg":"ES256"})", Claims());
  ASSERT_EQ(Verify(token).kind, Kind::kValid);
  for (const std::string& wrong :
       {std::string(), std::string("..."), std::string("ey"), token + ".", token + ".x",
        "." + token, token + "=", " " + token, token + "\n", token.substr(0, token.rfind('.')),
        token.substr(0, token.rfind('.') + 1), std::string("ey") + std::string(kMaxJwtBytes, 'a'),
        token.substr(0, token.size() - 2)}) {
    EXPECT_EQ(Verify(wrong).kind, Kind::kInvalid) << wrong.substr(0, 60);
  }
}

class Still final : public Clock {
 public:
  TimeNs Now() const override { return kNow; }
};

// The issuer's server: answers when the test says so.
class KeyServer final : public HttpFetcher {
 public:
  explicit KeyServer(std::vector<Done>& asked) : asked_(asked) {}
  void Fetch(FetchRequest, Done done) override { asked_.push_back(std::move(done)); }

 private:
  std::vector<Done>& asked_;
};

class JwtAuthenticatorTest : public testing::Test {
 protected:
  JwtAuthenticatorTest() {
    config_.keys = "https://issuer.test/keys";
    config_.cookie = "token";
    auto made =
        JwtKeys::Make(config_, std::make_unique<KeyServer>(asked_), [this] { return now_ms_; });
    EXPECT_TRUE(made);
    keys_ = std::move(*made);
    authenticator_ = std::make_unique<JwtAuthenticator>(
        config_, *keys_, [](std::move_only_function<void()> task) { task(); }, clock_);
  }
  void Answer(FetchReply reply) {
    ASSERT_EQ(asked_.size(), 1u);
    HttpFetcher::Done done = std::move(asked_[0]);
    asked_.clear();
    done(std::move(reply));
  }
  Credentials Make(std::string_view authorization, std::string_view cookies) {
    Credentials credentials{head_, query_};
    credentials.authorization = authorization;
    credentials.cookies = cookies;
    return credentials;
  }
  Decision Decide(const std::string& authorization, const std::string& cookies = "") {
    return authenticator_->Decide(Make(authorization, cookies));
  }
  void Ask(const std::string& authorization) {
    authenticator_->Ask(Make(authorization, ""),
                        [this](Decision decision) { heard_.push_back(std::move(decision)); });
  }

  const std::string good_ = Token(SignerOf("EC"), R"({"alg":"ES256","kid":"e1"})", Claims());
  const std::string unknown_ = Token(SignerOf("EC"), R"({"alg":"ES256","kid":"e2"})", Claims());
  const std::string set_ = Keys({SignerOf("EC").Jwk("e1")});
  JwtConfig config_ = kConfig;
  Still clock_;
  RequestHead head_;
  Query query_;
  uint64_t now_ms_ = 1'000'000;
  std::vector<HttpFetcher::Done> asked_;
  std::vector<Decision> heard_;
  std::unique_ptr<JwtKeys> keys_;
  std::unique_ptr<JwtAuthenticator> authenticator_;
};

TEST_F(JwtAuthenticatorTest, WaitsForTheFirstKeys) {
  EXPECT_EQ(Decide("Bearer " + good_).kind, Decision::Kind::kMustAsk);
  Ask("Bearer " + good_);
  EXPECT_TRUE(heard_.empty());
  Answer({.status = 200, .body = set_});
  ASSERT_EQ(heard_.size(), 1u);
  ASSERT_EQ(heard_[0].kind, Decision::Kind::kIdentity);
  EXPECT_EQ(heard_[0].identity->user, "joe");
  EXPECT_EQ(heard_[0].identity->expires, (kNowS + 600) * 1'000'000'000);
  EXPECT_EQ(Decide("bearer  " + good_).kind, Decision::Kind::kIdentity);
  EXPECT_EQ(Decide("", "a=b; token=" + good_).kind, Decision::Kind::kIdentity);
}

TEST_F(JwtAuthenticatorTest, WithoutKeysNobodyCanTell) {
  Answer({});
  Ask("Bearer " + good_);
  EXPECT_EQ(heard_.at(0).refusal.status, 503);
}

TEST_F(JwtAuthenticatorTest, WhatIsNotAJwtIsNotItsMatter) {
  Answer({.status = 200, .body = set_});
  for (const char* other : {"", "Bearer abc", "Basic a.b.c", "Bearer", "Bearer a.b.c"}) {
    EXPECT_EQ(Decide(other).kind, Decision::Kind::kNotMine) << other;
  }
}

TEST_F(JwtAuthenticatorTest, AWrongOneIsRefusedAndAWrongCookieIsNone) {
  Answer({.status = 200, .body = set_});
  const std::string old = Token(SignerOf("EC"), R"({"alg":"ES256"})", Claims("", kNowS - 999));
  EXPECT_EQ(Decide("Bearer " + old).refusal.detail, "the token has expired");
  EXPECT_EQ(Decide("", "token=" + old).kind, Decision::Kind::kNotMine);
}

TEST_F(JwtAuthenticatorTest, UnknownKeysAreAskedForAtABoundedRate) {
  Answer({.status = 200, .body = set_});
  EXPECT_EQ(Decide("Bearer " + unknown_).kind, Decision::Kind::kMustAsk);
  Ask("Bearer " + unknown_);
  EXPECT_TRUE(asked_.empty()) << "the set is fresh";
  EXPECT_EQ(heard_.at(0).refusal.status, 401);
  now_ms_ += config_.unknown_key_ms;
  for (int i = 0; i < 5; ++i) Ask("Bearer " + unknown_);
  EXPECT_EQ(heard_.size(), 1u);
  Answer({.status = 200, .body = Keys({SignerOf("EC").Jwk("e2")})});
  ASSERT_EQ(heard_.size(), 6u);
  EXPECT_EQ(heard_[5].kind, Decision::Kind::kIdentity);
}

TEST_F(JwtAuthenticatorTest, AStreamEndsWithItsKey) {
  Answer({.status = 200, .body = set_});
  const IdentityPtr joe = Decide("Bearer " + good_).identity;
  EXPECT_TRUE(authenticator_->StillProves(*joe));
  EXPECT_TRUE(asked_.empty());
  now_ms_ += config_.refresh_ms;
  EXPECT_TRUE(authenticator_->StillProves(*joe));
  Answer({.status = 500});
  EXPECT_TRUE(authenticator_->StillProves(*joe)) << "the keys before stay in force";
  now_ms_ += config_.refresh_ms;
  EXPECT_TRUE(authenticator_->StillProves(*joe));
  Answer({.status = 200, .body = Keys({SignerOf("EC").Jwk("e2")})});
  EXPECT_FALSE(authenticator_->StillProves(*joe));
}

}  // namespace
}  // namespace tailrace
