#include "io/tls_context.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "io/tls_files.h"

namespace tailrace {
namespace {

// AES-128 first, because it is the cheapest where the processor helps and every bit as safe here;
// a client that puts ChaCha20 first has no such processor and gets it.
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr uint64_t kOptions = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                              SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
constexpr uint64_t kModes =
    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER;

// In the form of RFC 7301: a length before each name; the best first.
constexpr std::string_view kProtocols =
    "\x02h2"
    "\x08http/1.1";

int ChooseProtocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
                   const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kProtocols.data());
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), size, ours,
                            static_cast<unsigned>(kProtocols.size()), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool StartCipher(const TicketKeys::Key& key, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                 EVP_MAC_CTX* mac, int seal) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY,
                                        const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, seal) == 1 &&
         EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

// SSL_CTX_set_tlsext_ticket_key_evp_cb: negative: an error; 0: no such key, shake hands in full.
int TicketKey(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int seal) {
  auto* keys = static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (seal == 0) {
    const auto key = keys->Find(TicketKeys::Name(name, 16));
    if (!key) return 0;
    return StartCipher(*key, iv, cipher, mac, seal) ? 1 : -1;
  }
  const auto key = keys->Current();
  if (!key) return -1;
  std::ranges::copy(key->name, name);
  if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
  return StartCipher(*key, iv, cipher, mac, seal) ? 1 : -1;
}

}  // namespace

const char* TlsFailureName(TlsFailure failure) {
  constexpr std::array<const char*, kTlsFailures> kNames = {
      "timeout", "clear_text", "version", "nothing_in_common",
      "alpn",    "refused",    "closed",  "protocol"};
  return kNames[static_cast<size_t>(failure)];
}

void TlsContext::FreeContext::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

TlsContext::~TlsContext() = default;

Result<std::unique_ptr<TlsContext>> TlsContext::Load(TlsFiles files, const Clock& clock) {
  std::unique_ptr<TlsContext> made(new TlsContext(std::move(files), clock));
  auto context = made->Make();
  if (!context) return Fail(context.error());
  made->context_ = std::move(*context);
  return made;
}

Result<void> TlsContext::Reload() {
  auto context = Make();
  if (!context) {
    ++stats_.failed_reloads;
    return Fail(context.error());
  }
  ++stats_.reloads;
  const std::lock_guard lock(mutex_);
  context_.swap(*context);
  return {};
}

ssl_st* TlsContext::NewConnection() {
  const std::lock_guard lock(mutex_);
  return SSL_new(context_.get());
}

TlsCertificate TlsContext::Certificate() const {
  const std::lock_guard lock(mutex_);
  return certificate_;
}

FileStamps TlsContext::LastRead() const {
  const std::lock_guard lock(mutex_);
  return last_read_;
}

Result<TlsContext::Owned> TlsContext::Make() {
  {
    const std::lock_guard lock(mutex_);
    last_read_ = files_.Stamps();
  }
  Owned context(SSL_CTX_new(TLS_server_method()));
  CHECK(context != nullptr);
  CHECK(SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1);
  CHECK(SSL_CTX_set_ciphersuites(context.get(), kCiphers13) == 1);
  CHECK(SSL_CTX_set_cipher_list(context.get(), kCiphers12) == 1);
  CHECK(SSL_CTX_set1_groups_list(context.get(), kGroups) == 1);
  SSL_CTX_set_options(context.get(), kOptions);
  SSL_CTX_set_mode(context.get(), kModes);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // tickets do not need it
  SSL_CTX_set_timeout(context.get(), TicketKeys::kTicketLifeS);
  SSL_CTX_set_app_data(context.get(), &tickets_);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context.get(), TicketKey);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  auto certificate = UseTlsFiles(context.get(), files_);
  if (!certificate) return Fail(certificate.error());
  const std::lock_guard lock(mutex_);
  certificate_ = std::move(*certificate);
  return context;
}

}  // namespace tailrace
