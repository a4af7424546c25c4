#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace tailrace {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;
constexpr size_t kV4Bytes = 4;

}  // namespace

bool IpAddress::IsV4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin());
}

std::string IpAddress::Text() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (IsV4()) {
    inet_ntop(AF_INET, bytes.data() + kMapped.size(), text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  }
  return text;
}

IpAddress IpFromBytes(std::string_view bytes) {
  IpAddress address;
  CHECK(bytes.size() == kV4Bytes || bytes.size() == address.bytes.size());
  uint8_t* at = address.bytes.data();
  if (bytes.size() == kV4Bytes) at = std::copy(kMapped.begin(), kMapped.end(), at);
  std::memcpy(at, bytes.data(), bytes.size());
  return address;
}

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) {
    return std::nullopt;
  }
  const std::string copy(text);
  char bytes[sizeof(in6_addr)];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) return IpFromBytes({bytes, kV4Bytes});
  if (inet_pton(AF_INET6, copy.c_str(), bytes) == 1) return IpFromBytes({bytes, sizeof bytes});
  return std::nullopt;
}

bool IpRange::Contains(const IpAddress& address) const {
  const auto whole = static_cast<size_t>(bits / 8);
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  if (bits % 8 == 0) return true;
  const int shift = 8 - bits % 8;
  return base.bytes[whole] >> shift == address.bytes[whole] >> shift;
}

std::optional<IpRange> ParseIpRange(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = ParseIpAddress(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpRange range{*address};
  if (slash == std::string_view::npos) return range;
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const std::string_view digits = text.substr(slash + 1);
  const auto bits = ParseDecimal(digits);
  if (!bits || digits.size() > 3 || *bits > (v4 ? 32 : 128)) return std::nullopt;
  range.bits = static_cast<int>(*bits) + (v4 ? kMappedBits : 0);
  for (int bit = range.bits; bit < 128; ++bit) {
    if ((address->bytes[static_cast<size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) {
      return std::nullopt;
    }
  }
  return range;
}

}  // namespace tailrace
