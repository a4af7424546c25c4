#include "io/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

namespace tailrace {
namespace {

template <auto kFree>
struct Freed {
  void operator()(auto* object) const { kFree(object); }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

std::unexpected<Error> Complain(const std::string& file, const std::string& what) {
  return Fail(ErrorCode::kInvalid, file + ": " + what);
}

std::string LibraryReason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "refused by OpenSSL" : reason;
}

Result<std::string> ReadFile(const std::string& file) {
  const std::unique_ptr<std::FILE, Freed<std::fclose>> in(std::fopen(file.c_str(), "rbe"));
  std::string text;
  char piece[4096];
  while (in != nullptr) {
    const size_t got = std::fread(piece, 1, sizeof piece, in.get());
    text.append(piece, got);
    if (got == 0) break;
  }
  if (in != nullptr && std::ferror(in.get()) == 0) return text;
  return Complain(file, std::string("cannot be read: ") + std::strerror(errno));
}

Bio BytesOf(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Instead of asking at the terminal.
int NoPassPhrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

TlsCertificate Describe(X509* certificate) {
  TlsCertificate told;
  const Bio out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  told.subject.assign(text, static_cast<size_t>(size));
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1) {
    told.not_after_s = timegm(&time);
  }
  return told;
}

Result<TlsCertificate> UseCertificates(SSL_CTX* context, const std::string& file) {
  const auto text = ReadFile(file);
  if (!text) return Fail(text.error());
  const Bio bytes = BytesOf(*text);
  const Certificate own(PEM_read_bio_X509_AUX(bytes.get(), nullptr, nullptr, nullptr));
  if (own == nullptr) return Complain(file, "holds no certificate in PEM form");
  if (SSL_CTX_use_certificate(context, own.get()) != 1) return Complain(file, LibraryReason());
  for (;;) {
    Certificate next(PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (SSL_CTX_add0_chain_cert(context, next.get()) != 1) return Complain(file, LibraryReason());
    std::ignore = next.release();  // the context's now
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return Complain(file, "a certificate behind the first one is damaged: " + LibraryReason());
  }
  return Describe(own.get());
}

Result<void> UseKey(SSL_CTX* context, const TlsFiles& files) {
  const auto text = ReadFile(files.key);
  if (!text) return Fail(text.error());
  bool asked = false;
  const PrivateKey key(
      PEM_read_bio_PrivateKey(BytesOf(*text).get(), nullptr, NoPassPhrase, &asked));
  if (asked) {
    return Complain(files.key, "is locked by a pass phrase, which nobody is here to enter");
  }
  if (key == nullptr) return Complain(files.key, "holds no private key in PEM form");
  // It compares with the certificate as well.
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1) return {};
  if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_X509) {
    return Complain(files.key, "does not belong to the first certificate in " + files.certificate);
  }
  return Complain(files.key, LibraryReason());
}

}  // namespace

Result<TlsCertificate> UseTlsFiles(ssl_ctx_st* context, const TlsFiles& files) {
  ERR_clear_error();
  auto certificate = UseCertificates(context, files.certificate);
  if (!certificate) return certificate;
  ERR_clear_error();
  if (auto used = UseKey(context, files); !used) return Fail(used.error());
  ERR_clear_error();
  return certificate;
}

}  // namespace tailrace
