#include "rollout/log_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tailrace {
namespace {

Workload Web() {
  Workload workload;
  workload.meta = {.name = "web", .namespace_name = "shop", .uid = "0123456789-abcdef"};
  workload.revision = "7";
  workload.images = {{"app", "shop/web:2"}};
  return workload;
}

std::vector<std::string> Paths(const LogNames& names) {
  std::vector<std::string> paths;
  paths.reserve(names.keys.size());
  for (const LogKey& key : names.keys) paths.push_back(key.Path());
  return paths;
}

using Strings = std::vector<std::string>;

TEST(LogNameTest, ByNamespaceNameAndRevision) {
  const LogNames names = NamesOfLog(Web(), "rollout");
  EXPECT_EQ(Paths(names), (Strings{"rollout/shop.web.7", "rollout/shop.web.7-01234567"}));
  EXPECT_EQ(names.problem, "");
}

TEST(LogNameTest, JobsAndPodsHaveNoRevision) {
  Workload job = Web();
  job.kind = WorkloadKind::kJob;
  job.revision = kOnlyRevision;
  EXPECT_EQ(Paths(NamesOfLog(job, "rollout")),
            (Strings{"rollout/shop.web", "rollout/shop.web-01234567"}));
}

TEST(LogNameTest, TheAnnotationAndWhatFollowsWhenItsLogHasEnded) {
  Workload web = Web();
  web.meta.annotations[std::string(kLogAnnotation)] = "deploy/42";
  EXPECT_EQ(
      Paths(NamesOfLog(web, "rollout")),
      (Strings{"deploy/42", "deploy/42.7", "deploy/42.7-01234567", "rollout/shop.web.7-01234567"}));
}

TEST(LogNameTest, AnAnnotationThatIsNoName) {
  Workload web = Web();
  web.meta.annotations[std::string(kLogAnnotation)] = "no name";
  const LogNames names = NamesOfLog(web, "rollout");
  EXPECT_EQ(Paths(names).front(), "rollout/shop.web.7");
  EXPECT_TRUE(names.problem.starts_with("tailrace.dev/log: ")) << names.problem;
}

TEST(LogNameTest, ALongNameIsShortenedAndStillItsOwn) {
  Workload web = Web();
  web.meta.name = std::string(200, 'x');
  const LogNames names = NamesOfLog(web, "rollout");
  ASSERT_EQ(names.keys.size(), 2);
  for (const LogKey& key : names.keys) EXPECT_LE(key.id.size(), kMaxIdBytes);
  EXPECT_TRUE(names.keys[0].id.ends_with("x~01234567.7")) << names.keys[0].id;
}

TEST(LogNameTest, LabelsAreOursAndTheDeployers) {
  Workload web = Web();
  web.meta.annotations = {{"deployment.kubernetes.io/revision", "7"},
                          {"kubernetes.io/change-cause", "hot fix"},
                          {"shop.example/ticket", "T-1"},
                          {"author", "ann"},
                          {"uid", "a lie"},
                          {kWriterLabel, "ann"},
                          {std::string(kTitleAnnotation), "The shop"}};
  const Labels labels = LabelsOfLog(web, "east");
  EXPECT_EQ(labels, (Labels{{"cluster", "east"},
                            {"namespace", "shop"},
                            {"name", "web"},
                            {"kind", "Deployment"},
                            {"revision", "7"},
                            {"uid", web.meta.uid},
                            {"image", "shop/web:2"},
                            {"kubernetes.io/change-cause", "hot fix"},
                            {"shop.example/ticket", "T-1"},
                            {"author", "ann"}}));
  EXPECT_EQ(TitleOfLog(web), "The shop");
  EXPECT_EQ(TitleOfLog(Web()), "web, revision 7 (shop)");
}

}  // namespace
}  // namespace tailrace
