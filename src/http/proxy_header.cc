#include "http/proxy_header.h"

#include <algorithm>
#include <array>

#include "base/crc32c.h"
#include "base/text.h"

namespace tailrace {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::string_view kLineStart = "PROXY ";
constexpr size_t kMaxLine = 107;    // §2.1, with CRLF
constexpr size_t kFixedBytes = 16;  // of version 2
constexpr uint8_t kLocal = 0x20;
constexpr uint8_t kProxy = 0x21;
constexpr uint8_t kCrcTlv = 0x03;
constexpr uint8_t kSslTlv = 0x20;
constexpr uint8_t kClientSsl = 0x01;

uint8_t ByteAt(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]);
}

size_t SizeAt(std::string_view bytes, size_t at) {
  return static_cast<size_t>(ByteAt(bytes, at) << 8 | ByteAt(bytes, at + 1));
}

bool IsPort(std::string_view text) {
  const std::optional<uint64_t> port = ParseDecimal(text);
  const bool plain = text.size() == 1 || !text.starts_with('0');
  return port && *port <= 65535 && plain;
}

// The words of a line, each behind exactly one blank.
template <size_t N>
bool SplitWords(std::string_view line, std::array<std::string_view, N>& words) {
  for (size_t i = 0; i < N; ++i) {
    const size_t end = line.find(' ');
    const bool last = i + 1 == N;
    if (last != (end == std::string_view::npos)) return false;
    words[i] = line.substr(0, end);
    if (words[i].empty()) return false;
    if (!last) line.remove_prefix(end + 1);
  }
  return true;
}

// How many bytes of addresses stand behind the fixed part (§2.2); nothing: no such family or
// protocol.
std::optional<size_t> AddressBytes(uint8_t family_and_protocol) {
  constexpr std::array<size_t, 4> kBytes = {0, 12, 36, 216};
  const auto family = static_cast<size_t>(family_and_protocol >> 4);
  const int protocol = family_and_protocol & 0xf;
  if (family >= kBytes.size() || protocol > 2) return std::nullopt;
  return kBytes[family];
}

}  // namespace

size_t ProxyHeaderParser::Consume(std::string_view bytes) {
  size_t consumed = 0;
  while (consumed < bytes.size() && !Done() && !Failed()) {
    const std::string_view rest = bytes.substr(consumed);
    size_t taken = std::min(Wanted(), rest.size());
    if (state_ == State::kLine) taken = std::min(taken, rest.find('\n') + 1);
    if (taken == 0) taken = std::min(Wanted(), rest.size());  // no end of the line among these
    bytes_.append(rest.substr(0, taken));
    consumed += taken;
    Look();
  }
  return consumed;
}

// How many bytes more surely belong to the header, if it is one.
size_t ProxyHeaderParser::Wanted() const {
  if (state_ == State::kStart) return 1;
  if (state_ == State::kLine) return kMaxLine - bytes_.size();
  if (bytes_.size() < kFixedBytes) return kFixedBytes - bytes_.size();
  return kFixedBytes + SizeAt(bytes_, 14) - bytes_.size();
}

void ProxyHeaderParser::Look() {
  const std::string_view bytes = bytes_;
  if (state_ == State::kStart) {
    const bool line = kLineStart.starts_with(bytes.substr(0, kLineStart.size()));
    const bool binary = kSignature.starts_with(bytes.substr(0, kSignature.size()));
    if (!line && !binary) return Fail("there is no PROXY header");
    if (bytes == kLineStart) state_ = State::kLine;
    if (bytes == kSignature) state_ = State::kBinary;
  } else if (state_ == State::kLine) {
    if (bytes.ends_with('\n')) {
      ReadLine();
    } else if (bytes.size() == kMaxLine) {
      Fail("the PROXY line has no end");
    }
  } else if (bytes.size() >= kFixedBytes) {
    if (SizeAt(bytes, 14) > kProxyHeaderBytes) return Fail("the PROXY header is too long");
    if (Wanted() == 0) ReadBinary();
  }
}

// "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n" (§2.1).
void ProxyHeaderParser::ReadLine() {
  std::string_view line = bytes_;
  line.remove_prefix(kLineStart.size());
  if (!line.ends_with("\r\n")) return Fail("the PROXY line does not end with CR LF");
  line.remove_suffix(2);
  state_ = State::kDone;
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return;
  std::array<std::string_view, 5> words;
  if (!SplitWords(line, words)) return Fail("the PROXY line is malformed");
  const auto source = ParseIpAddress(words[1]);
  const auto target = ParseIpAddress(words[2]);
  const bool v4 = words[0] == "TCP4";
  const auto fits = [v4](std::string_view text) { return (text.find(':') == text.npos) == v4; };
  if ((!v4 && words[0] != "TCP6") || !source || !target || !fits(words[1]) || !fits(words[2]) ||
      !IsPort(words[3]) || !IsPort(words[4])) {
    return Fail("the PROXY line is malformed");
  }
  header_.client = source;
}

// §2.2.
void ProxyHeaderParser::ReadBinary() {
  const std::string_view bytes = bytes_;
  const uint8_t command = ByteAt(bytes, 12);
  state_ = State::kDone;
  if (command == kLocal) return;  // whatever follows is not looked at
  if (command != kProxy) return Fail("the PROXY header's version or command is unknown");
  const std::optional<size_t> size = AddressBytes(ByteAt(bytes, 13));
  if (!size) return Fail("the PROXY header's family or protocol is unknown");
  if (bytes.size() < kFixedBytes + *size) return Fail("the PROXY header has no room for addresses");
  const uint8_t family = ByteAt(bytes, 13) >> 4;
  if (family == 1) header_.client = IpFromBytes(bytes.substr(kFixedBytes, 4));
  if (family == 2) header_.client = IpFromBytes(bytes.substr(kFixedBytes, 16));
  if (family == 0) return;  // its rest is to be ignored
  if (!ReadTlvs(bytes.substr(kFixedBytes + *size))) {
    header_ = {};
    Fail("the PROXY header's TLVs are malformed");
  }
}

// Type, size in two bytes, value (§2.2.1).
bool ProxyHeaderParser::ReadTlvs(std::string_view tlvs) {
  while (!tlvs.empty()) {
    if (tlvs.size() < 3 || tlvs.size() - 3 < SizeAt(tlvs, 1)) return false;
    const uint8_t type = ByteAt(tlvs, 0);
    const std::string_view value = tlvs.substr(3, SizeAt(tlvs, 1));
    tlvs.remove_prefix(3 + value.size());
    if (type == kSslTlv) {
      if (value.size() < 5) return false;
      header_.secure = (ByteAt(value, 0) & kClientSsl) != 0;
    } else if (type == kCrcTlv) {
      if (value.size() != 4) return false;
      const uint32_t told =
          static_cast<uint32_t>(SizeAt(value, 0)) << 16 | static_cast<uint32_t>(SizeAt(value, 2));
      std::string zeroed = bytes_;
      zeroed.replace(static_cast<size_t>(value.data() - bytes_.data()), 4, 4, '\0');
      if (ExtendCrc32c(0, zeroed) != told) return false;
    }
  }
  return true;
}

void ProxyHeaderParser::Fail(std::string_view reason) {
  state_ = State::kFailed;
  reason_ = reason;
}

}  // namespace tailrace
