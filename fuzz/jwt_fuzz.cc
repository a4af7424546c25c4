// Tokens and key sets of other issuers: no input is a valid token without its key's signature; a
// set that is taken can be asked; base64url is read in one way only.
#include "access/jwt.h"
#include "base/check.h"
#include "pieces.h"

namespace tailrace {
namespace {

// RFC 7515 A.3 and RFC 8037 A.2; nobody signs by them here.
constexpr std::string_view kKeys = R"({"keys":[{"kty":"EC","kid":"e","crv":"P-256",)"
                                   R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                   R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},)"
                                   R"({"kty":"OKP","kid":"o","crv":"Ed25519",)"
                                   R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
constexpr TimeNs kNow = 1'700'000'000'000'000'000;

void CheckToken(std::string_view token) {
  static const Result<KeySet> keys = KeySet::Parse(kKeys);
  static const JwtConfig config{.issuer = "i", .audience = {"a"}};
  const JwtVerdict verdict = VerifyJwt(token, *keys, config, kNow);
  CHECK(verdict.kind != JwtVerdict::Kind::kValid);
  CHECK(!verdict.reason.empty());
}

}  // namespace
}  // namespace tailrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tailrace;
  std::string_view input = AsText(data, size);
  const uint8_t choice = TakeByte(input);
  if (choice % 4 == 0) {
    const Result<KeySet> keys = KeySet::Parse(input);
    CHECK(keys ? keys->Size() > 0 && keys->Size() <= kMaxJwks : !keys.error().message.empty());
    return 0;
  }
  CheckToken(input);
  // Header and payload as they are, so that the fuzzer gets past base64url.
  const size_t cut = input.find('\n');
  const std::string header = EncodeBase64Url(input.substr(0, cut));
  const std::string payload =
      EncodeBase64Url(cut == std::string_view::npos ? "" : input.substr(cut + 1));
  CheckToken(header + "." + payload + "." + EncodeBase64Url(std::string(64, 'x')));
  std::string bytes;
  if (DecodeBase64Url(input, bytes)) CHECK(EncodeBase64Url(bytes) == input);
  return 0;
}
