// Asks one address what `tailrace doctor` wants to know of the way there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/client/diagnosis.h"
#include "app/client/http_client.h"

namespace tailrace {

/// Takes as long as the silence, and a second or two. `silence_ms`: how long the stream shall be
/// silent; absent: a little longer than the server's ever are. `cookie`: sent with all that is
/// asked; empty: none. `sight` has url, proxy and first.
void LookAt(HttpClient& client, std::optional<uint64_t> silence_ms, const std::string& cookie,
            DoctorSight& sight);

}  // namespace tailrace
