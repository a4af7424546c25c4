#include "io/tls_context.h"

#include <gmock/gmock.h>
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>

#include "io/tls_harness.h"

namespace tailrace {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string ErrorOf(const TlsFiles& files) {
  const auto context = TlsContext::Load(files);
  return context ? "none" : context.error().message;
}

TEST(TlsContext, TellsWhoseCertificateItIsAndUntilWhen) {
  const TestCertificate made("logs.example", 30);
  const auto context = TlsContext::Load(made.files());
  ASSERT_TRUE(context);
  EXPECT_EQ((*context)->Certificate().subject, "CN=logs.example");
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  EXPECT_NEAR(static_cast<double>((*context)->Certificate().not_after_s - now_s), 30 * 86'400, 600);
}

TEST(TlsContext, AnExpiredOneIsTaken) {
  const TestCertificate made("old.example", -1);
  EXPECT_EQ(ErrorOf(made.files()), "none");
}

TEST(TlsContext, NamesTheFileAndTheReason) {
  const TestCertificate made;
  const TestCertificate other;
  const TlsFiles& files = made.files();
  EXPECT_THAT(ErrorOf({"/nowhere/cert.pem", files.key}),
              AllOf(StartsWith("/nowhere/cert.pem: "), HasSubstr("No such file")));
  EXPECT_THAT(ErrorOf({files.certificate, "/nowhere/key.pem"}),
              AllOf(StartsWith("/nowhere/key.pem: "), HasSubstr("No such file")));
  EXPECT_EQ(ErrorOf({files.key, files.key}), files.key + ": holds no certificate in PEM form");
  EXPECT_EQ(ErrorOf({files.certificate, files.certificate}),
            files.certificate + ": holds no private key in PEM form");
  EXPECT_EQ(
      ErrorOf({files.certificate, other.files().key}),
      other.files().key + ": does not belong to the first certificate in " + files.certificate);
  const std::string folder = std::filesystem::path(files.key).parent_path();
  EXPECT_THAT(ErrorOf({folder, files.key}), StartsWith(folder + ": cannot be read"));
}

TEST(TlsContext, ALockedKeyIsNotAskedFor) {
  const TestCertificate made;
  const std::string locked = made.LockKey("secret");
  EXPECT_EQ(ErrorOf({made.files().certificate, locked}),
            locked + ": is locked by a pass phrase, which nobody is here to enter");
}

TEST(TlsContext, ADamagedChainIsNotLeftOutSilently) {
  const TestCertificate made;
  const std::string own = TestCertificate::ReadAll(made.files().certificate);
  std::string damaged = own;
  damaged.replace(damaged.size() / 2, 4, "!!!!");
  const std::string file = made.Write("chain.pem", own + damaged);
  EXPECT_THAT(ErrorOf({file, made.files().key}),
              StartsWith(file + ": a certificate behind the first one is damaged"));
  const std::string whole = made.Write("chain.pem", own + own);
  EXPECT_EQ(ErrorOf({whole, made.files().key}), "none");
}

TEST(TlsContext, ABrokenPairLeavesTheOldOneInForce) {
  TestCertificate made("before");
  auto context = std::move(*TlsContext::Load(made.files()));
  const std::string key = TestCertificate::ReadAll(made.files().key);
  made.Replace("after");
  const std::string new_key = TestCertificate::ReadAll(made.files().key);
  made.Write("key.pem", key);  // half of the swap
  const auto failed = context->Reload();
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("does not belong"));
  EXPECT_EQ(context->Certificate().subject, "CN=before");
  EXPECT_EQ(context->stats().failed_reloads, 1U);
  made.Write("key.pem", new_key);
  ASSERT_TRUE(context->Reload());
  EXPECT_EQ(context->Certificate().subject, "CN=after");
  EXPECT_EQ(context->stats().reloads, 1U);
  ssl_st* const connection = context->NewConnection();
  EXPECT_NE(SSL_get_certificate(connection), nullptr);
  SSL_free(connection);
}

}  // namespace
}  // namespace tailrace
