#include "store/log_store.h"

namespace tailrace {

std::string_view GapCauseName(GapCause cause) {
  return cause == GapCause::kRetention ? "retention" : "damaged";
}

}  // namespace tailrace
