#include "kubernetes/known_objects.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kubernetes/reflector.h"

namespace tailrace::kube {
namespace {

TEST(KnownObjectsTest, ToldOnceAVersion) {
  KnownObjects known;
  EXPECT_TRUE(known.Note({"u1", "1", "ns", "a"}));
  EXPECT_FALSE(known.Note({"u1", "1", "ns", "a"}));
  EXPECT_TRUE(known.Note({"u1", "2", "ns", "a"}));
  EXPECT_TRUE(known.Note({"u2", "2", "ns", "a"}));
  known.Remove("u1");
  known.Remove("u1");
  EXPECT_EQ(known.size(), 1u);
  EXPECT_TRUE(known.Note({"u1", "2", "ns", "a"}));
}

TEST(KnownObjectsTest, AListShowsWhatIsGone) {
  KnownObjects known;
  known.Note({"u1", "1", "ns", "a"});
  known.Note({"u2", "1", "", "b"});
  known.Note({"u3", "1", "ns", "c"});
  known.BeginList();
  EXPECT_FALSE(known.Note({"u1", "1", "ns", "a"}));
  EXPECT_TRUE(known.Note({"u4", "5", "ns", "c"}));
  auto gone = known.TakeAbsent();
  std::ranges::sort(gone, {}, &KnownObjects::Gone::uid);
  ASSERT_EQ(gone.size(), 2u);
  EXPECT_EQ(gone[0].uid, "u2");
  EXPECT_EQ(gone[0].namespace_name, "");
  EXPECT_EQ(gone[0].name, "b");
  EXPECT_EQ(gone[1].uid, "u3");
  EXPECT_EQ(gone[1].namespace_name, "ns");
  EXPECT_EQ(gone[1].name, "c");
  EXPECT_EQ(known.size(), 2u);
  EXPECT_TRUE(known.TakeAbsent().empty());
}

TEST(KnownObjectsTest, CountsItsMemory) {
  KnownObjects known;
  EXPECT_EQ(known.MemoryBytes(), 0u);
  const std::string name(60, 'x');
  for (int i = 0; i < 1000; ++i) {
    known.Note({"1f355753-eeb8-44d4-8db4-331d0f27" + std::to_string(1000 + i), "123456789",
                "namespace", name});
  }
  // The header's word.
  EXPECT_LE(known.MemoryBytes(), 300u * 1000);
  EXPECT_GE(known.MemoryBytes(), 200u * 1000);
  known.BeginList();
  known.TakeAbsent();
  EXPECT_EQ(known.MemoryBytes(), 0u);
}

}  // namespace
}  // namespace tailrace::kube
