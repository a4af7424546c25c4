#include "server/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace tailrace {
namespace {

using ::testing::StartsWith;

std::string Gunzip(std::string_view packed, size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Assets, HasThePageWithTypeAndTag) {
  const Asset* page = FindAsset("/index.html");
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->content_type, "text/html; charset=utf-8");
  EXPECT_THAT(page->bytes, StartsWith("<!doctype html>"));
  EXPECT_THAT(page->etag, StartsWith("W/\""));
  EXPECT_FALSE(page->immutable);
}

TEST(Assets, GzipVariantHoldsTheSameBytes) {
  const Asset* page = FindAsset("/index.html");
  ASSERT_NE(page, nullptr);
  ASSERT_FALSE(page->gzip_bytes.empty());
  EXPECT_LT(page->gzip_bytes.size(), page->bytes.size());
  EXPECT_EQ(Gunzip(page->gzip_bytes, page->bytes.size()), page->bytes);
}

TEST(Assets, WhatThePageLinksToIsThereAndImmutable) {
  const std::string_view page = FindAsset("/index.html")->bytes;
  constexpr std::string_view kPrefix = "\"/assets/";
  for (size_t at = page.find(kPrefix); at != page.npos; at = page.find(kPrefix, at + 1)) {
    const std::string_view path = page.substr(at + 1, page.find('"', at + 1) - at - 1);
    const Asset* asset = FindAsset(path);
    ASSERT_NE(asset, nullptr) << path;
    EXPECT_TRUE(asset->immutable) << path;
    EXPECT_FALSE(asset->bytes.empty()) << path;
  }
}

TEST(Assets, TheComponentHasALastingNameAndIsAskedForAnew) {
  const Asset* component = FindAsset("/assets/tailrace-log.js");
  ASSERT_NE(component, nullptr);
  EXPECT_FALSE(component->immutable);
  EXPECT_EQ(component->content_type, "text/javascript; charset=utf-8");
}

TEST(Assets, KnowsNothingElse) {
  EXPECT_EQ(FindAsset("/"), nullptr);
  EXPECT_EQ(FindAsset("index.html"), nullptr);
  EXPECT_EQ(FindAsset("/../index.html"), nullptr);
  EXPECT_EQ(FindAsset(""), nullptr);
}

}  // namespace
}  // namespace tailrace
