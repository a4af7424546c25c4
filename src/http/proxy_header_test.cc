#include "http/proxy_header.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"

namespace tailrace {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kV4 = "\xcb\0\x71\x09\x7f\0\0\1\x12\x34\0\x50"s;  // 203.0.113.9 -> 127.0.0.1
const std::string kV6 =
    "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\7" + std::string(15, '\0') + "\1\x12\x34\0\x50"s;

std::string Binary(char command, char family, const std::string& rest) {
  return kSignature + command + family + static_cast<char>(rest.size() >> 8) +
         static_cast<char>(rest.size() & 0xff) + rest;
}

std::string Tlv(char type, const std::string& value) {
  return std::string(1, type) + static_cast<char>(value.size() >> 8) +
         static_cast<char>(value.size() & 0xff) + value;
}

std::string Feed(std::string_view bytes, size_t piece) {
  ProxyHeaderParser parser;
  size_t consumed = 0;
  while (consumed < bytes.size() && !parser.Done() && !parser.Failed()) {
    const std::string_view part = bytes.substr(consumed, piece);
    const size_t taken = parser.Consume(part);
    EXPECT_TRUE(taken == part.size() || parser.Done() || parser.Failed());
    consumed += taken;
  }
  if (parser.Failed()) return std::string(parser.Reason());
  if (!parser.Done()) return "more";
  const ProxyHeader& header = parser.header();
  return (header.client ? header.client->Text() : "-") + (header.secure ? " https" : "") + " + " +
         std::string(bytes.substr(consumed));
}

// Whole, and one byte at a time, which must come to the same.
std::string Read(const std::string& bytes) {
  const std::string whole = Feed(bytes, bytes.size());
  EXPECT_EQ(whole, Feed(bytes, 1));
  EXPECT_EQ(whole, Feed(bytes, 5));
  return whole;
}

TEST(ProxyHeader, ReadsTheLineOfVersion1) {
  EXPECT_EQ(Read("PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\nGET /"), "203.0.113.9 + GET /");
  EXPECT_EQ(Read("PROXY TCP6 2001:db8::7 ::1 0 65535\r\nPROXY "), "2001:db8::7 + PROXY ");
  EXPECT_EQ(Read("PROXY UNKNOWN\r\n\r\n"), "- + \r\n");
  EXPECT_EQ(Read("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\nx"), "- + x");
}

TEST(ProxyHeader, RefusesOtherLines) {
  for (const std::string line :
       {"TCP4 1.2.3.4 1.2.3.4 1 2 3", "TCP4 1.2.3.4 1.2.3.4 1", "TCP4  1.2.3.4 1.2.3.4 1 2",
        "TCP4 1.2.3.4 1.2.3.4 1 2 ", "TCP4 ::1 ::1 1 2", "TCP6 1.2.3.4 1.2.3.4 1 2",
        "TCP4 1.2.3.4 ::1 1 2", "TCP4 01.2.3.4 1.2.3.4 1 2", "TCP4 1.2.3.4 1.2.3.4 65536 2",
        "TCP4 1.2.3.4 1.2.3.4 01 2", "TCP4 1.2.3.4 1.2.3.4 -1 2", "TCP4 1.2.3.4 1.2.3.4 1 +2",
        "UDP4 1.2.3.4 1.2.3.4 1 2", "tcp4 1.2.3.4 1.2.3.4 1 2", "UNKNOWNS", "", " "}) {
    EXPECT_EQ(Read("PROXY " + line + "\r\n"), "the PROXY line is malformed") << line;
  }
  EXPECT_EQ(Read("PROXY UNKNOWN\n"), "the PROXY line does not end with CR LF");
  EXPECT_EQ(Read("PROXY UNKNOWN " + std::string(200, 'x') + "\r\n"), "the PROXY line has no end");
  EXPECT_EQ(Read("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n"), "- + ");
}

TEST(ProxyHeader, ReadsTheBytesOfVersion2) {
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4) + "GET /"), "203.0.113.9 + GET /");
  EXPECT_EQ(Read(Binary(0x21, 0x21, kV6) + "\r\n"), "2001:db8::7 + \r\n");
  EXPECT_EQ(Read(Binary(0x21, 0x12, kV4)), "203.0.113.9 + ");
  EXPECT_EQ(Read(Binary(0x21, 0x31, std::string(216, 'x')) + "y"), "- + y");
  EXPECT_EQ(Read(Binary(0x21, 0x00, "whatever") + "y"), "- + y");
}

TEST(ProxyHeader, LocalMeansTheConnectionItself) {
  EXPECT_EQ(Read(Binary(0x20, 0x00, "") + "x"), "- + x");
  EXPECT_EQ(Read(Binary(0x20, 0x11, kV4) + "x"), "- + x");
  EXPECT_EQ(Read(Binary(0x20, '\x7f', "junk") + "x"), "- + x");
}

TEST(ProxyHeader, RefusesWhatVersion2DoesNotKnow) {
  EXPECT_EQ(Read(Binary(0x22, 0x11, kV4)), "the PROXY header's version or command is unknown");
  EXPECT_EQ(Read(Binary(0x31, 0x11, kV4)), "the PROXY header's version or command is unknown");
  EXPECT_EQ(Read(Binary(0x21, 0x41, kV4)), "the PROXY header's family or protocol is unknown");
  EXPECT_EQ(Read(Binary(0x21, 0x13, kV4)), "the PROXY header's family or protocol is unknown");
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4.substr(1))), "the PROXY header has no room for addresses");
  EXPECT_EQ(Read(Binary(0x21, 0x11, std::string(4097, 'x'))), "the PROXY header is too long");
}

TEST(ProxyHeader, TlvsTellOfTls) {
  const std::string ssl = Tlv(0x20, "\1\0\0\0\0"s + Tlv(0x21, "TLSv1.3"));
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4 + ssl) + "x"), "203.0.113.9 https + x");
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4 + Tlv(0x20, "\6\0\0\0\0"s)) + "x"), "203.0.113.9 + x");
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4 + Tlv(0x04, "") + Tlv('\xee', "own") + ssl)),
            "203.0.113.9 https + ");
}

TEST(ProxyHeader, CutTlvsAreRefused) {
  const std::string tlv = Tlv(0x02, "host") + Tlv(0x20, "\1\0\0\0\0"s);
  for (size_t size = 1; size < tlv.size(); ++size) {
    const std::string read = Read(Binary(0x21, 0x11, kV4 + tlv.substr(0, size)));
    EXPECT_EQ(read, size == 7 ? "203.0.113.9 + " : "the PROXY header's TLVs are malformed");
  }
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4 + Tlv(0x20, "\1\0\0\0"s))),
            "the PROXY header's TLVs are malformed");
}

TEST(ProxyHeader, AChecksumIsChecked) {
  const std::string zero = Binary(0x21, 0x11, kV4 + Tlv(0x03, std::string(4, '\0')));
  const uint32_t crc = ExtendCrc32c(0, zero);
  std::string right = zero;
  for (size_t i = 0; i < 4; ++i) {
    right[right.size() - 4 + i] = static_cast<char>(crc >> (24 - 8 * i));
  }
  EXPECT_EQ(Read(right + "x"), "203.0.113.9 + x");
  EXPECT_EQ(Read(zero), "the PROXY header's TLVs are malformed");
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4 + Tlv(0x03, "abc"))),
            "the PROXY header's TLVs are malformed");
}

TEST(ProxyHeader, WhatIsNoHeaderIsRefusedAtItsFirstWrongByte) {
  EXPECT_EQ(Read("GET / HTTP/1.1\r\n"), "there is no PROXY header");
  EXPECT_EQ(Read("PROXX"), "there is no PROXY header");
  EXPECT_EQ(Read("\r\n\r\nQ"), "there is no PROXY header");
  EXPECT_EQ(Read("PROXY"), "more");
  EXPECT_EQ(Read("PROXY TCP4 1.2.3.4"), "more");
  EXPECT_EQ(Read(kSignature), "more");
  EXPECT_EQ(Read(Binary(0x21, 0x11, kV4).substr(0, 20)), "more");
}

}  // namespace
}  // namespace tailrace
