#include "http/negotiate.h"

#include <algorithm>

namespace tailrace {
namespace {

constexpr uint16_t kFullWeight = 1000;

// "0", "0.5", "1.000" in thousandths; nothing: not a qvalue (RFC 9110 §12.4.2).
std::optional<uint16_t> ParseWeight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  unsigned weight = text[0] == '1' ? kFullWeight : 0;
  unsigned unit = 100;
  for (size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    weight += static_cast<unsigned>(text[i] - '0') * unit;
  }
  if (weight > kFullWeight) return std::nullopt;
  return static_cast<uint16_t>(weight);
}

// One element of an Accept-like list: what stands before the parameters, and the weight.
struct Weighted {
  std::string_view value;
  uint16_t weight = kFullWeight;
  bool has_parameters = false;  // besides q
};

// Nothing: the weight cannot be read; the element is then ignored.
std::optional<Weighted> ParseWeighted(std::string_view element) {
  Weighted weighted;
  const size_t semicolon = std::min(element.find(';'), element.size());
  weighted.value = TrimBlanks(element.substr(0, semicolon));
  element.remove_prefix(semicolon);
  while (!element.empty()) {
    element.remove_prefix(1);
    const size_t end = std::min(element.find(';'), element.size());
    const std::string_view parameter = TrimBlanks(element.substr(0, end));
    element.remove_prefix(end);
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      const std::optional<uint16_t> weight = ParseWeight(parameter.substr(2));
      if (!weight) return std::nullopt;
      weighted.weight = *weight;
    } else if (!parameter.empty()) {
      weighted.has_parameters = true;
    }
  }
  return weighted;
}

// How exactly a media range names an offer: 0 not at all, 1 "*/*", 2 "text/*", 3 "text/plain".
int Specificity(std::string_view range, std::string_view offer) {
  if (range == "*/*") return 1;
  if (EqualsIgnoreCase(range, offer)) return 3;
  if (range.size() < 2 || !range.ends_with("/*")) return 0;
  const std::string_view type = range.substr(0, range.size() - 1);
  return EqualsIgnoreCase(type, offer.substr(0, type.size())) ? 2 : 0;
}

uint16_t OfferWeight(std::string_view accept, std::string_view offer, bool& readable) {
  std::string_view element;
  int best = 0;
  uint16_t weight = 0;
  while (TakeListElement(accept, element)) {
    const std::optional<Weighted> range = ParseWeighted(element);
    if (!range) continue;
    readable = true;
    // "text/plain;charset=utf-8" fits our text/plain, but less than plain "text/plain" does.
    const int fits = 2 * Specificity(range->value, offer) - (range->has_parameters ? 1 : 0);
    if (fits > best) {
      best = fits;
      weight = range->weight;
    }
  }
  return weight;
}

/// Weights in thousandths; 0: not acceptable.
struct AcceptedCodings {
  uint16_t identity = kFullWeight;
  uint16_t gzip = 0;
  uint16_t zstd = 0;
};

/// Without the field: identity alone, since such clients may know no coding.
AcceptedCodings ParseAcceptEncoding(const Headers& headers) {
  const std::string accept = headers.Joined("Accept-Encoding");
  std::string_view list = accept;
  std::string_view element;
  std::optional<uint16_t> identity;
  std::optional<uint16_t> gzip;
  std::optional<uint16_t> zstd;
  std::optional<uint16_t> others;
  while (TakeListElement(list, element)) {
    const std::optional<Weighted> coding = ParseWeighted(element);
    if (!coding) continue;
    if (coding->value == "*") others = coding->weight;
    if (EqualsIgnoreCase(coding->value, "identity")) identity = coding->weight;
    if (EqualsIgnoreCase(coding->value, "zstd")) zstd = coding->weight;
    if (EqualsIgnoreCase(coding->value, "gzip") || EqualsIgnoreCase(coding->value, "x-gzip")) {
      gzip = coding->weight;
    }
  }
  AcceptedCodings accepted;
  // Plain form is acceptable unless it is excluded, but least liked if only others are named.
  const uint16_t plain = others == 0 ? 0 : 1;
  accepted.identity = identity.value_or(gzip || zstd || others ? plain : kFullWeight);
  accepted.gzip = gzip.value_or(others.value_or(0));
  accepted.zstd = zstd.value_or(others.value_or(0));
  return accepted;
}

}  // namespace

std::string_view ContentCodingName(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kIdentity:
      return "identity";
    case ContentCoding::kGzip:
      return "gzip";
    case ContentCoding::kZstd:
      return "zstd";
  }
  return "";
}

std::optional<size_t> NegotiateMediaType(const Headers& headers,
                                         std::span<const std::string_view> offers) {
  const std::string accept = headers.Joined("Accept");
  bool readable = false;
  std::optional<size_t> best;
  uint16_t best_weight = 0;
  for (size_t i = 0; i < offers.size(); ++i) {
    const uint16_t weight = OfferWeight(accept, offers[i], readable);
    if (weight > best_weight) {
      best = i;
      best_weight = weight;
    }
  }
  if (!readable && !offers.empty()) return 0;
  return best;
}

bool AcceptsGzip(const Headers& headers) {
  return ParseAcceptEncoding(headers).gzip > 0;
}

ContentCoding ChooseJoinedCoding(const Headers& headers) {
  const AcceptedCodings accepted = ParseAcceptEncoding(headers);
  const bool browser = headers.Find("User-Agent").value_or("").starts_with("Mozilla/");
  const bool zstd = accepted.zstd > 0 && accepted.zstd >= accepted.identity;
  const bool gzip = accepted.gzip > 0 && accepted.gzip >= accepted.identity;
  if (zstd && (!gzip || (browser && accepted.zstd >= accepted.gzip))) return ContentCoding::kZstd;
  return gzip ? ContentCoding::kGzip : ContentCoding::kIdentity;
}

std::optional<ContentCoding> ParseContentEncoding(const Headers& headers) {
  const std::string codings = headers.Joined("Content-Encoding");
  std::string_view list = codings;
  std::string_view element;
  ContentCoding found = ContentCoding::kIdentity;
  while (TakeListElement(list, element)) {
    if (EqualsIgnoreCase(element, "identity")) continue;
    if (found != ContentCoding::kIdentity) return std::nullopt;
    if (EqualsIgnoreCase(element, "gzip") || EqualsIgnoreCase(element, "x-gzip")) {
      found = ContentCoding::kGzip;
    } else if (EqualsIgnoreCase(element, "zstd")) {
      found = ContentCoding::kZstd;
    } else {
      return std::nullopt;
    }
  }
  return found;
}

}  // namespace tailrace
