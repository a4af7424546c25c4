#include "store/mongodb/rivals.h"

#include <mongoc/mongoc.h>

#include "store/mongodb/transaction.h"

namespace tailrace::mongo {
namespace {

constexpr auto kPatience = std::chrono::seconds(1);

struct Rival {
  uint64_t commits = 0;
  std::string session;  // empty: unknown
};

std::map<std::string, Rival> FindRivals(Link& link, const std::string& self) {
  std::map<std::string, Rival> rivals;
  const BsonHandle filter(BCON_NEW("_id", "{", "$gte", BCON_UTF8(WriterId("").c_str()), "$lt",
                                   BCON_UTF8(kWritersEnd), "}"));
  const BsonHandle options(bson_new());
  // What is not found is looked for again at the next conflict.
  static_cast<void>(Link::Find(link.counts(), *filter, *options, [&](const bson_t& bson) {
                      bson_iter_t iter;
                      if (!bson_iter_init_find(&iter, &bson, "_id") || !BSON_ITER_HOLDS_UTF8(&iter))
                        return true;
                      const std::string id = bson_iter_utf8(&iter, nullptr);
                      if (id == self) return true;
                      Rival& rival = rivals[id];
                      if (bson_iter_init_find(&iter, &bson, "commits")) {
                        rival.commits = static_cast<uint64_t>(bson_iter_as_int64(&iter));
                      }
                      if (bson_iter_init_find(&iter, &bson, "session") &&
                          BSON_ITER_HOLDS_DOCUMENT(&iter)) {
                        const uint8_t* data = nullptr;
                        uint32_t length = 0;
                        bson_iter_document(&iter, &length, &data);
                        rival.session.assign(reinterpret_cast<const char*>(data), length);
                      }
                      return true;
                    }).has_value());
  return rivals;
}

}  // namespace

void Rivals::OnConflict(Link& link) {
  const Time now = std::chrono::steady_clock::now();
  if (since_ && now - *since_ < kPatience) return;
  const auto rivals = FindRivals(link, self_);
  if (since_) {
    for (const auto& [id, rival] : rivals) {
      const auto before = commits_.find(id);
      const bool is_still = before != commits_.end() && before->second == rival.commits;
      if (is_still && !rival.session.empty()) EndSession(link, rival.session);
    }
  }
  since_ = now;
  commits_.clear();
  for (const auto& [id, rival] : rivals) commits_[id] = rival.commits;
}

}  // namespace tailrace::mongo
