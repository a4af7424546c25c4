#include "server/reviewed_list.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/access_reviews.h"
#include "server/call.h"

namespace tailrace {
namespace {

// The list is read so often at most: logs of further namespaces may come up behind hidden ones.
constexpr int kMostRounds = 4;

// One answer in the making. The reader pool's and the worker's by turns; it is handed on.
struct Work {
  Reply reply;
  ContentCoding coding;
  Rights rights;
  IdentityPtr identity;
  AccessReviews& reviews;
  ListParameters wanted;
  int round = 0;
  std::map<std::string, ReviewVerdict> heard = {};  // by cluster and namespace
  std::vector<std::pair<std::string, ReviewQuestion>> open = {};
};
using WorkPtr = std::unique_ptr<Work>;

void ReadList(WorkPtr work);

bool IsVisible(Work& work, const LogInfo& info) {
  if (!work.rights.To(Verb::kRead, info.key.type, info.key.id, info.labels)) return false;
  if (!IsFromCluster(info.labels)) return true;
  // The rest of the question is the same for all logs.
  const std::string place =
      info.labels.find("cluster")->second + '\n' + info.labels.find("namespace")->second;
  const auto [found, is_new] = work.heard.try_emplace(place, ReviewVerdict::kNotKnown);
  if (is_new) {
    auto question = QuestionAbout(work.reviews.config(), *work.identity, info.labels);
    found->second = work.reviews.Known(*question);
    if (found->second == ReviewVerdict::kNotKnown) {
      work.open.emplace_back(place, std::move(*question));
    }
  }
  return found->second == ReviewVerdict::kAllowed;
}

// All are being asked about by now: waits for one after the other.
void Hear(WorkPtr work) {
  AccessReviews& reviews = work->reviews;
  while (!work->open.empty()) {
    const auto& [place, question] = work->open.back();
    const ReviewVerdict verdict = reviews.Known(question);
    if (verdict == ReviewVerdict::kNotKnown) {
      const auto post = [&loop = work->reply.worker().loop()](
                            std::move_only_function<void()> task) { loop.Post(std::move(task)); };
      const ReviewQuestion asked = question;
      reviews.Ask(asked, post, [work = std::move(work)](ReviewVerdict heard) mutable {
        work->heard[work->open.back().first] = heard;
        work->open.pop_back();
        Hear(std::move(work));
      });
      return;
    }
    work->heard[place] = verdict;
    work->open.pop_back();
  }
  ReadList(std::move(work));
}

void ReadList(WorkPtr work) {
  ++work->round;
  Work& made = *work;
  Worker& worker = made.reply.worker();
  worker.Read(
      [&made, &store = worker.store()] {
        ListParameters wanted = made.wanted;
        wanted.query.visible = [&made](const LogInfo& info) { return IsVisible(made, info); };
        return ListLogs(store, wanted);
      },
      [work = std::move(work)](Result<ListAnswer> list) mutable {
        if (!list) return work->reply.Send(ProblemAnswer(list.error()));
        if (!work->open.empty() && work->round < kMostRounds) {
          for (const auto& [place, question] : work->open) work->reviews.Watch(question);
          return Hear(std::move(work));
        }
        AnswerFromPool(work->reply, work->coding, [list = std::move(*list)]() -> Result<Answer> {
          return ListAnswerJson(list);
        });
      });
}

}  // namespace

Answer ListAnswerJson(const ListAnswer& list) {
  std::string json = "{\"logs\":[";
  for (const LogInfo& info : list.logs) {
    if (json.back() == '}') json.push_back(',');
    AppendLogInfoJson(json, info);
  }
  json.append("],\"next\":");
  json.append(list.next.empty() ? "null" : "\"" + list.next + "\"").append("}\n");
  Answer answer = JsonAnswer(200, std::move(json));
  answer.headers.Add("Cache-Control", "no-cache");
  return answer;
}

void AnswerReviewedList(const Call& call, ListParameters wanted) {
  ReadList(WorkPtr(new Work{.reply = call.reply,
                            .coding = PreferredCoding(call),
                            .rights = call.rights,
                            .identity = call.identity,
                            .reviews = *call.worker.shared().reviews,
                            .wanted = std::move(wanted)}));
}

}  // namespace tailrace
