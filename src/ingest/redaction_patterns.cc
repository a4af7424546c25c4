// Each pattern is as narrow as it can be: who reads a log must be able to trust that what is masked
// was a secret.
#include <array>

#include "ingest/redactor.h"

namespace tailrace {
namespace {

constexpr std::array kPatterns = std::to_array<std::string_view>({
    // DB_PASSWORD=…, "client_secret": "…", token: …; quoted values whole, also inside JSON strings
    R"re((?i)(?:password|passwd|passphrase|secret|token|credentials?|)re"
    R"re((?:api|access|private|secret|signing|encryption|account)[_-]?key))re"
    R"re((?:\\?["'])?[ \t]*[:=][ \t]*)re"
    R"re((?:\\"([^"\\]+)|"((?:[^"\\]|\\.)+)|'((?:[^'\\]|\\.)+)|([^\s"',;&]+)))re",
    // --password …, --api-key=…
    R"re((?i)--?[a-z0-9-]*(?:password|passwd|passphrase|secret|token|api-?key)[= ])re"
    R"re((?:"([^"]+)|'([^']+)|([^\s"'-][^\s"']*)))re",
    // scheme://user:password@host
    R"re((?i)\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:([^\s/@]+)@)re",
    // Authorization: Bearer …, Basic …; also as curl's -H and as JSON
    R"re((?i)\bauthorization["']?[ \t]*[:=][ \t]*["']?(?:[a-z]+[ \t]+)?([^\s"',]+))re",
    R"re((?i)\bbearer[ \t]+([a-z0-9._~+/-]{16,}=*))re",
    R"re((?i)\b(?:set-)?cookie["']?[ \t]*:[ \t]*["']?([^\s"'][^\r\n"']*))re",
    // Private keys that come as one text
    R"re(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----([^-]+))re",
    // JSON web tokens
    R"re(\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)re",
    // Services whose tokens say what they are
    R"re(\b(?:AKIA|ASIA)[0-9A-Z]{16}\b)re",
    R"re(\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}))re",
    R"re(\bgl(?:pat|dt|rt|cbt|ptt|ft)-[A-Za-z0-9_.-]{20,})re",
    R"re(\bxox[abeoprs]-[A-Za-z0-9-]{10,})re",
    R"re(\bAIza[0-9A-Za-z_-]{35})re",
    R"re(\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,})re",
    R"re(\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{16,}|dckr_pat_[A-Za-z0-9_-]{20,}))re",
    R"re(\bhv[sb]\.[A-Za-z0-9_-]{24,})re",
});

}  // namespace

std::span<const std::string_view> BuiltinRedactionPatterns() {
  return kPatterns;
}

}  // namespace tailrace
