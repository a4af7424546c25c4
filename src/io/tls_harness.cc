#include "io/tls_harness.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tailrace {
namespace {

std::string PemText(const auto& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string copy(text, static_cast<size_t>(size));
  BIO_free(bio);
  return copy;
}

const unsigned char* Bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// HKDF-Expand-Label of RFC 8446 §7.1 with an empty context, for up to 32 bytes.
std::string ExpandLabel(const std::string& secret, const std::string& label, uint8_t size) {
  const std::string name = "tls13 " + label;
  const std::string info = std::string(1, 0) + static_cast<char>(size) +
                           static_cast<char>(name.size()) + name + std::string(1, 0) + '\x01';
  unsigned char digest[EVP_MAX_MD_SIZE];
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), Bytes(info), info.size(),
       digest, nullptr);
  return {reinterpret_cast<char*>(digest), size};
}

}  // namespace

TestCertificate::TestCertificate(const std::string& name, int days) {
  std::string pattern = (std::filesystem::temp_directory_path() / "tailrace-tls-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  files_ = {folder_ + "/cert.pem", folder_ + "/key.pem"};
  Make(name, days);
}

TestCertificate::~TestCertificate() {
  std::filesystem::remove_all(folder_);
}

void TestCertificate::Replace(const std::string& name) {
  Make(name, 30);
}

void TestCertificate::Make(const std::string& name, int days) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const made = X509_new();
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
  constexpr long kDayS = 86'400;
  X509_gmtime_adj(X509_getm_notBefore(made), -40 * kDayS);
  X509_gmtime_adj(X509_getm_notAfter(made), days * kDayS);
  X509_set_pubkey(made, key);
  X509_NAME* const subject = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made, subject);
  EXPECT_GT(X509_sign(made, key, EVP_sha256()), 0);
  Write("cert.pem", PemText([&](BIO* bio) { return PEM_write_bio_X509(bio, made); }));
  Write("key.pem", PemText([&](BIO* bio) {
          return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
        }));
  X509_free(made);
  EVP_PKEY_free(key);
}

std::string TestCertificate::Write(const std::string& name, std::string_view text) const {
  std::string path = folder_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string TestCertificate::LockKey(const std::string& pass_phrase) const {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  const std::string text = PemText([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), pass_phrase.data(),
                                         static_cast<int>(pass_phrase.size()), nullptr, nullptr);
  });
  EVP_PKEY_free(key);
  return Write("locked.pem", text);
}

std::string TestCertificate::ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TlsClient::TlsClient(int fd, const TlsClientOptions& options)
    : fd_(fd), context_(SSL_CTX_new(TLS_client_method())), bytes_a_step_(options.bytes_a_step) {
  if (options.version < TLS1_2_VERSION) SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_min_proto_version(context_, options.version);
  SSL_CTX_set_max_proto_version(context_, options.version);
  if (!options.ciphers.empty()) {
    EXPECT_EQ(SSL_CTX_set_cipher_list(context_, options.ciphers.c_str()), 1);
  }
  if (!options.trusted.empty()) {
    EXPECT_EQ(SSL_CTX_load_verify_file(context_, options.trusted.c_str()), 1);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  }
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
    auto* self = static_cast<TlsClient*>(SSL_get_app_data(ssl));
    SSL_SESSION_free(std::exchange(self->session_, session));
    return 1;
  });
  SSL_CTX_set_keylog_callback(context_, [](const SSL* ssl, const char* line) {
    const std::string_view all = line;
    if (!all.starts_with("CLIENT_TRAFFIC_SECRET_0 ")) return;
    const std::string hex(all.substr(all.rfind(' ') + 1));
    long size = 0;
    unsigned char* const bytes = OPENSSL_hexstr2buf(hex.c_str(), &size);
    static_cast<TlsClient*>(SSL_get_app_data(ssl))
        ->secret_.assign(reinterpret_cast<char*>(bytes), static_cast<size_t>(size));
    OPENSSL_free(bytes);
  });
  ssl_ = SSL_new(context_);
  SSL_set_app_data(ssl_, this);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_), -1);
  SSL_set_connect_state(ssl_);
  if (options.session != nullptr) SSL_set_session(ssl_, options.session);
  if (!options.protocols.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned>(options.protocols.size()));
  }
  SSL_set_msg_callback(
      ssl_, [](int sent, int, int type, const void* bytes, size_t size, SSL* ssl, void*) {
        const auto* header = static_cast<const unsigned char*>(bytes);
        if (sent != 0 || type != SSL3_RT_HEADER || size < 5) return;
        constexpr unsigned char kApplicationData = 23;
        auto* self = static_cast<TlsClient*>(SSL_get_app_data(ssl));
        if (header[0] == kApplicationData && self->Secured()) {
          self->records_.push_back(static_cast<size_t>(header[3] << 8 | header[4]));
        }
      });
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(session_);
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN);  // else its session could not be resumed
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (fd_ >= 0) close(fd_);
}

void TlsClient::Step() {
  MoveIn();
  Act();
  MoveOut();
}

void TlsClient::MoveIn() {
  char buffer[4096];
  const size_t size = bytes_a_step_ == 0 ? sizeof buffer : bytes_a_step_;
  while (reading_ && !gone_ && fd_ >= 0) {
    const ssize_t got = recv(fd_, buffer, size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      gone_ = true;
      return;
    }
    BIO_write(SSL_get_rbio(ssl_), buffer, static_cast<int>(got));
    if (bytes_a_step_ != 0) return;
  }
}

void TlsClient::Act() {
  ERR_clear_error();
  if (!Secured()) {
    const int result = SSL_do_handshake(ssl_);
    if (result != 1) return NoteFailure(result);
  }
  if (!to_send_.empty()) {
    size_t written = 0;
    if (SSL_write_ex(ssl_, to_send_.data(), to_send_.size(), &written) == 1) to_send_.clear();
  }
  char buffer[16 << 10];
  size_t got = 0;
  ERR_clear_error();
  while (SSL_read_ex(ssl_, buffer, sizeof buffer, &got) == 1) received_.append(buffer, got);
  NoteFailure(0);
}

void TlsClient::NoteFailure(int result) {
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_ZERO_RETURN) ended_ = true;
  if (error != SSL_ERROR_SSL || !failure_.empty()) return;
  const char* const reason = ERR_reason_error_string(ERR_peek_error());
  failure_ = reason == nullptr ? "unknown" : reason;
}

void TlsClient::MoveOut() {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &bytes);
  outgoing_.append(bytes, static_cast<size_t>(size));
  (void)BIO_reset(SSL_get_wbio(ssl_));
  if (outgoing_.empty() || fd_ < 0) return;
  const size_t now = bytes_a_step_ == 0 ? outgoing_.size() : bytes_a_step_;
  const ssize_t sent =
      send(fd_, outgoing_.data(), std::min(now, outgoing_.size()), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) outgoing_.erase(0, static_cast<size_t>(sent));
}

// RFC 8446 §5.2, §5.3.
std::string TlsClient::Seal(uint64_t number, uint8_t type, std::string_view text) const {
  std::string iv = ExpandLabel(secret_, "iv", 12);
  for (size_t i = 0; i < 8; ++i) iv[11 - i] ^= static_cast<char>(number >> (8 * i));
  const std::string plain = std::string(text) + static_cast<char>(type);
  const size_t size = plain.size() + 16;
  std::string record = {23, 3, 3, static_cast<char>(size >> 8), static_cast<char>(size)};
  std::string sealed(size, 0);
  EVP_CIPHER_CTX* const cipher = EVP_CIPHER_CTX_new();
  int done = 0;
  EXPECT_EQ(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr,
                               Bytes(ExpandLabel(secret_, "key", 16)), Bytes(iv)),
            1);
  EVP_EncryptUpdate(cipher, nullptr, &done, Bytes(record), static_cast<int>(record.size()));
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  EVP_EncryptUpdate(cipher, out, &done, Bytes(plain), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(cipher, out + done, &done);
  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, out + plain.size());
  EVP_CIPHER_CTX_free(cipher);
  return record + sealed;
}

void TlsClient::End() {
  SSL_shutdown(ssl_);
  MoveOut();
}

void TlsClient::Cut() {
  close(std::exchange(fd_, -1));
}

std::string TlsClient::PeerName() const {
  X509* const peer = SSL_get1_peer_certificate(ssl_);
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
  X509_free(peer);
  return name;
}

}  // namespace tailrace
