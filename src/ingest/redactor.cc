#include "ingest/redactor.h"

#include <re2/re2.h>

#include <algorithm>

namespace tailrace {
namespace {

constexpr std::string_view kMask = "***";
constexpr int64_t kMemoryBytes = 8 << 20;
constexpr int kMaxGroups = 16;

RE2::Options MakeOptions() {
  RE2::Options options(RE2::Latin1);
  options.set_log_errors(false);
  options.set_max_mem(kMemoryBytes);
  return options;
}

std::unexpected<Error> Refuse(std::string_view pattern, const std::string& reason) {
  return FailField(ErrorCode::kInvalid, "redact.patterns",
                   "redact.patterns: '" + std::string(pattern.substr(0, 80)) + "' " + reason);
}

Result<std::unique_ptr<RE2>> Compile(std::string_view pattern) {
  if (pattern.size() > kMaxRedactionPatternBytes) {
    return Refuse(pattern, "is longer than " + std::to_string(kMaxRedactionPatternBytes));
  }
  auto compiled =
      std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), MakeOptions());
  if (!compiled->ok()) return Refuse(pattern, "is no pattern: " + compiled->error());
  if (compiled->NumberOfCapturingGroups() > kMaxGroups) {
    return Refuse(pattern, "has more than " + std::to_string(kMaxGroups) + " groups");
  }
  if (!compiled->NamedCapturingGroups().empty()) return Refuse(pattern, "names a group");
  if (RE2::PartialMatch("", *compiled)) return Refuse(pattern, "matches the empty text");
  return compiled;
}

void AddMatches(const RE2& pattern, std::string_view text, std::vector<Secret>& secrets) {
  const re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece groups[kMaxGroups + 1];
  const int count = pattern.NumberOfCapturingGroups();
  size_t position = 0;
  while (position < text.size() &&
         pattern.Match(whole, position, text.size(), RE2::UNANCHORED, groups, count + 1)) {
    const auto begin = static_cast<size_t>(groups[0].data() - text.data());
    for (int i = count == 0 ? 0 : 1; i <= count; ++i) {
      if (groups[i].empty()) continue;
      const auto at = static_cast<size_t>(groups[i].data() - text.data());
      secrets.push_back({begin, at, at + groups[i].size()});
    }
    position = std::max(begin + groups[0].size(), position + 1);
  }
}

// Sorted and put together where they overlap.
void Merge(std::vector<Secret>& secrets) {
  std::ranges::sort(secrets, {}, &Secret::begin);
  size_t kept = 0;
  for (const Secret& secret : secrets) {
    if (kept > 0 && secret.begin < secrets[kept - 1].end) {
      Secret& before = secrets[kept - 1];
      before.end = std::max(before.end, secret.end);
      before.match_begin = std::min(before.match_begin, secret.match_begin);
    } else {
      secrets[kept++] = secret;
    }
  }
  secrets.resize(kept);
}

}  // namespace

Redactor::Redactor() = default;
Redactor::~Redactor() = default;

Result<std::unique_ptr<const Redactor>> Redactor::Make(const RedactConfig& config) {
  if (!config.builtin && config.patterns.empty()) return nullptr;
  if (config.patterns.size() > kMaxRedactionPatterns) {
    return FailField(ErrorCode::kInvalid, "redact.patterns",
                     "redact.patterns: more than " + std::to_string(kMaxRedactionPatterns));
  }
  std::vector<std::string_view> wanted(config.patterns.begin(), config.patterns.end());
  if (config.builtin) {
    const auto builtin = BuiltinRedactionPatterns();
    wanted.insert(wanted.end(), builtin.begin(), builtin.end());
  }
  std::unique_ptr<Redactor> redactor(new Redactor());
  std::string any;
  for (const std::string_view pattern : wanted) {
    Result<std::unique_ptr<RE2>> compiled = Compile(pattern);
    if (!compiled) return Fail(compiled.error());
    redactor->patterns_.push_back(std::move(*compiled));
    any.append(any.empty() ? "(?:" : "|(?:").append(pattern).append(")");
  }
  redactor->any_ = std::make_unique<RE2>(any, MakeOptions());
  if (!redactor->any_->ok()) return Refuse(any, "together: " + redactor->any_->error());
  return redactor;
}

void Redactor::Find(std::string_view text, std::vector<Secret>& secrets) const {
  secrets.clear();
  if (!RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *any_)) return;
  for (const auto& pattern : patterns_) AddMatches(*pattern, text, secrets);
  Merge(secrets);
}

void Redactor::Mask(std::string& text) const {
  std::vector<Secret> secrets;
  Find(text, secrets);
  if (secrets.empty()) return;
  std::string masked;
  CopyMasked(text, secrets, masked);
  text = std::move(masked);
  Count(secrets.size());
}

void AppendMask(std::string& out, const Secret& secret) {
  out.append(kMask.substr(0, secret.end - secret.begin));
}

void CopyMasked(std::string_view text, std::span<const Secret> secrets, std::string& out) {
  out.clear();
  size_t copied = 0;
  for (const Secret& secret : secrets) {
    out.append(text.substr(copied, secret.begin - copied));
    AppendMask(out, secret);
    copied = secret.end;
  }
  out.append(text.substr(copied));
}

}  // namespace tailrace
