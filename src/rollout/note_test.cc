#include "rollout/note.h"

#include <gtest/gtest.h>

namespace tailrace {
namespace {

TEST(ToldNotesTest, AValueIsToldOnceAndTheNextOneAgain) {
  ToldNotes told;
  Note note{.key = "progress", .value = "1 of 2", .text = "1 of 2"};
  EXPECT_TRUE(told.Take(note));
  EXPECT_FALSE(told.Take(note));
  note.value = "2 of 2";
  EXPECT_TRUE(told.Take(note));
  note.value = "1 of 2";
  EXPECT_TRUE(told.Take(note));
}

TEST(ToldNotesTest, AQuietFirstValueIsOnlyRemembered) {
  ToldNotes told;
  Note note{.key = "paused", .value = "0", .text = "goes on", .quiet_first = true};
  EXPECT_FALSE(told.Take(note));
  EXPECT_TRUE(told.Take({.key = "paused", .value = "1", .text = "paused"}));
  EXPECT_TRUE(told.Take(note));
}

TEST(ToldNotesTest, WhatIsRecalledWasTold) {
  ToldNotes told;
  told.Recall("progress", "1 of 2");
  EXPECT_FALSE(told.Take({.key = "progress", .value = "1 of 2", .text = "x"}));
  EXPECT_TRUE(told.Take({.key = "progress", .value = "2 of 2", .text = "x"}));
}

TEST(NoteTest, FieldsAreJson) {
  EXPECT_EQ(NoteFields({.key = "event/a\"b", .value = "4"}), R"({"key":"event/a\"b","value":"4"})");
}

}  // namespace
}  // namespace tailrace
