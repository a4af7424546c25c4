#include "kubernetes/api_path.h"

#include <gtest/gtest.h>

namespace tailrace::kube {
namespace {

TEST(ApiPathTest, SegmentsAndQueriesAreEncoded) {
  EXPECT_EQ(ResourcePath("v1", "a-b.c", "pods").Segment("x/y").Segment("log").text(),
            "/api/v1/namespaces/a-b.c/pods/x%2Fy/log");
  EXPECT_EQ(ResourcePath("apps/v1", "", "deployments")
                .Query("labelSelector", "app in (a,b),tier!=x")
                .Query("limit", "500")
                .text(),
            "/apis/apps/v1/deployments?labelSelector=app%20in%20%28a%2Cb%29%2Ctier%21%3Dx"
            "&limit=500");
}

TEST(ApiPathTest, NoBytePassesThatCouldEndASegment) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = ApiPath("").Segment(std::string(1, static_cast<char>(byte))).text();
    EXPECT_EQ(text.substr(1).find_first_of("/?#% \r\n\t&=+"),
              text.size() == 4 ? 0 : std::string::npos)
        << byte;
    EXPECT_TRUE(text.size() == 2 || text.size() == 4) << byte;
  }
}

}  // namespace
}  // namespace tailrace::kube
