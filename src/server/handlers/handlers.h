// All handlers, by file of this folder. Each answers one row of api.md's tables.
#pragma once

#include "server/call.h"

namespace tailrace {

// log_handlers.cc
void HandleCreateLog(Call& call);
void HandleGetLog(Call& call);
void HandleEndLog(Call& call);
void HandleDeleteLog(Call& call);
void HandleListLogs(Call& call);

// append_handler.cc
void HandleAppend(Call& call);

// link_handlers.cc
void HandleMakeLink(Call& call);
void HandleRevokeLinks(Call& call);
/// For a page that was opened by a link: what its own requests need.
void AddLinkCookie(const Call& call, Headers& headers);

// entries_handler.cc
void HandleEntries(Call& call);

// raw_handler.cc
void HandleRaw(Call& call);

// search_handler.cc
void HandleSearch(Call& call);

// stream_handlers.cc
void HandleLogStream(Call& call);
void HandleListStream(Call& call);
void HandlePortalStream(Call& call);
/// What a stream's client is told when it cannot be served now: `200`, `retry:`, close.
Answer ComeBackLater(Worker& worker);

// doctor_handler.cc
void HandleDoctor(Call& call);

// portal_initial_handler.cc
void HandlePortalInitial(Call& call);

// operation_handlers.cc
void HandleHealth(Call& call);
void HandleReady(Call& call);
void HandleMetrics(Call& call);

// login_handlers.cc
void HandleLoginPage(Call& call);
/// For access.login_url: sends a browser there, to come back to `next` ("logs/TYPE/ID" or "").
Answer ToLoginElsewhere(const Call& call, std::string_view next);
void HandleLogin(Call& call);
void HandleLogout(Call& call);
void HandleSession(Call& call);

// page_handlers.cc
/// What the browser may do with a page of ours.
void AddPageHeaders(const Call& call, Headers& headers);
void HandleIndexPage(Call& call);
void HandleAsset(Call& call);  ///< Whatever no route knows: a file of the page, or 404.

}  // namespace tailrace
