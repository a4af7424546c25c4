// What `tailrace doctor` prints.
#pragma once

#include <string>
#include <vector>

#include "app/client/diagnosis.h"

namespace tailrace {

struct Examined {
  DoctorSight sight;
  std::vector<DoctorFinding> findings;
};

/// For people: `all[index]`, and which hop it is, as far as the address behind it tells.
std::string ReportText(const std::vector<Examined>& all, size_t index);
/// One JSON object and a line end (docs/cli.md "doctor").
std::string ReportJson(const std::vector<Examined>& all, size_t index);

}  // namespace tailrace
