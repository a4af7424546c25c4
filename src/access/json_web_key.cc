#include "access/json_web_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/base64.h"

namespace tailrace {
namespace {

using Json = nlohmann::json;

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
constexpr size_t kCurveBytes = 32;      // P-256, Ed25519
constexpr size_t kSignatureBytes = 64;  // ES256, EdDSA

template <auto F>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    F(value);
  }
};
using Bignum = std::unique_ptr<BIGNUM, Deleter<BN_free>>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string TextOf(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool TakeBytes(const Json& key, const char* name, std::string& out) {
  return DecodeBase64Url(TextOf(key, name), out) && !out.empty();
}

EVP_PKEY* FromParams(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>> params(
      OSSL_PARAM_BLD_to_param(builder));
  const std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>> context(
      EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0) {
    return nullptr;
  }
  const std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>> check(
      EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  if (check == nullptr || EVP_PKEY_public_check(check.get()) <= 0) {
    EVP_PKEY_free(key);
    return nullptr;
  }
  return key;
}

EVP_PKEY* MakeRsa(const Json& json) {
  std::string modulus;
  std::string exponent;
  if (!TakeBytes(json, "n", modulus) || !TakeBytes(json, "e", exponent)) return nullptr;
  if (modulus.size() > kMaxRsaBits / 8 || exponent.size() > 8) return nullptr;
  const Bignum n(BN_bin2bn(Bytes(modulus), static_cast<int>(modulus.size()), nullptr));
  const Bignum e(BN_bin2bn(Bytes(exponent), static_cast<int>(exponent.size()), nullptr));
  if (BN_num_bits(n.get()) < kMinRsaBits) return nullptr;
  const std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return FromParams("RSA", builder.get());
}

EVP_PKEY* MakeP256(const Json& json) {
  std::string x;
  std::string y;
  if (!TakeBytes(json, "x", x) || !TakeBytes(json, "y", y)) return nullptr;
  if (x.size() != kCurveBytes || y.size() != kCurveBytes) return nullptr;  // RFC 7518 §6.2.1.2
  const std::string point = "\x04" + x + y;
  const std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return FromParams("EC", builder.get());
}

EVP_PKEY* MakeEd25519(const Json& json) {
  std::string x;
  if (!TakeBytes(json, "x", x) || x.size() != kCurveBytes) return nullptr;
  return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(x), x.size());
}

// What the key signs by; nothing: it is none of ours.
std::optional<JwtAlgorithm> AlgorithmOf(const Json& json) {
  const std::string type = TextOf(json, "kty");
  const std::string curve = TextOf(json, "crv");
  std::optional<JwtAlgorithm> algorithm;
  if (type == "RSA") algorithm = JwtAlgorithm::kRs256;
  if (type == "EC" && curve == "P-256") algorithm = JwtAlgorithm::kEs256;
  if (type == "OKP" && curve == "Ed25519") algorithm = JwtAlgorithm::kEdDsa;
  if (json.contains("use") && TextOf(json, "use") != "sig") return std::nullopt;
  if (json.contains("alg") && ParseJwtAlgorithm(TextOf(json, "alg")) != algorithm) {
    return std::nullopt;
  }
  if (const auto operations = json.find("key_ops"); operations != json.end()) {
    if (!operations->is_array() || std::ranges::count(*operations, Json("verify")) == 0) {
      return std::nullopt;
    }
  }
  return algorithm;
}

EVP_PKEY* MakeKey(const Json& json, JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::kRs256:
      return MakeRsa(json);
    case JwtAlgorithm::kEs256:
      return MakeP256(json);
    case JwtAlgorithm::kEdDsa:
      return MakeEd25519(json);
  }
  return nullptr;
}

// r and s behind each other (RFC 7518 §3.4) as OpenSSL wants them; empty: not that.
std::string DerSignature(std::string_view signature) {
  if (signature.size() != kSignatureBytes) return "";
  const std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  Bignum r(BN_bin2bn(Bytes(signature), kCurveBytes, nullptr));
  Bignum s(BN_bin2bn(Bytes(signature.substr(kCurveBytes)), kCurveBytes, nullptr));
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::optional<JwtAlgorithm> ParseJwtAlgorithm(std::string_view name) {
  if (name == "RS256") return JwtAlgorithm::kRs256;
  if (name == "ES256") return JwtAlgorithm::kEs256;
  if (name == "EdDSA") return JwtAlgorithm::kEdDsa;
  return std::nullopt;
}

void JsonWebKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

bool JsonWebKey::Verifies(std::string_view signed_bytes, std::string_view signature) const {
  std::string der;
  if (algorithm_ == JwtAlgorithm::kEs256) {
    der = DerSignature(signature);
    signature = der;
  }
  if (signature.empty()) return false;
  const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const EVP_MD* const digest = algorithm_ == JwtAlgorithm::kEdDsa ? nullptr : EVP_sha256();
  return EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(signed_bytes),
                          signed_bytes.size()) == 1;
}

Result<KeySet> KeySet::Parse(std::string_view json) {
  if (json.size() > kMaxJwksBytes) {
    return Fail(ErrorCode::kInvalid,
                "a key set has at most " + std::to_string(kMaxJwksBytes) + " bytes");
  }
  const Json document = Json::parse(json, nullptr, false);
  const auto found = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || found == document.end() || !found->is_array()) {
    return Fail(ErrorCode::kInvalid, "a key set is a JSON object with an array \"keys\"");
  }
  if (found->size() > kMaxJwks) {
    return Fail(ErrorCode::kInvalid, "a key set has at most " + std::to_string(kMaxJwks) + " keys");
  }
  KeySet set;
  for (const Json& one : *found) {
    const std::optional<JwtAlgorithm> algorithm = one.is_object() ? AlgorithmOf(one) : std::nullopt;
    if (!algorithm) continue;
    EVP_PKEY* const key = MakeKey(one, *algorithm);
    if (key == nullptr) {
      return Fail(ErrorCode::kInvalid, "key '" + TextOf(one, "kid") + "' is broken or too weak");
    }
    set.keys_.emplace_back(TextOf(one, "kid"), *algorithm, key);
  }
  if (set.keys_.empty()) {
    return Fail(ErrorCode::kInvalid, "there is no key for RS256, ES256 or EdDSA in the set");
  }
  return set;
}

std::vector<const JsonWebKey*> KeySet::Find(std::string_view id, JwtAlgorithm algorithm) const {
  std::vector<const JsonWebKey*> found;
  for (const JsonWebKey& key : keys_) {
    if (key.algorithm() == algorithm && (id.empty() || key.id() == id)) found.push_back(&key);
  }
  return found;
}

bool KeySet::Has(std::string_view id) const {
  return std::ranges::any_of(keys_, [id](const JsonWebKey& key) { return key.id() == id; });
}

bool DecodeBase64Url(std::string_view text, std::string& out) {
  std::string standard(text);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=') return false;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  standard.append((4 - standard.size() % 4) % 4, '=');
  return DecodeBase64(standard, out);
}

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text;
  AppendBase64(text, bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace tailrace
