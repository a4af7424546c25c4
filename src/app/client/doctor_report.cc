#include "app/client/doctor_report.h"

#include "app/client/tail_printer.h"
#include "base/text.h"

namespace tailrace {
namespace {

std::string Seconds(uint64_t ms) {
  return std::to_string(ms / 1000) + "." + std::to_string(ms % 1000 / 100) + " s";
}

enum class Where : uint8_t { kUnknown, kHere, kBehind };

// Asked at the next address, nearer to the server: is it so there too?
Where WhereIs(const std::vector<Examined>& all, size_t index, const DoctorFinding& finding) {
  if (index + 1 >= all.size()) return Where::kUnknown;
  const Examined& next = all[index + 1];
  if (HasFinding(next.findings, finding.id)) return Where::kBehind;
  return next.sight.hello ? Where::kHere : Where::kUnknown;
}

// An nginx in front does not hold back what the one behind it told it not to.
bool KeepsBufferingToItself(const std::vector<Examined>& all, size_t index,
                            const DoctorFinding& finding) {
  return finding.id == "buffers" && index + 1 < all.size() &&
         HasFinding(all[index + 1].findings, "drops-x-accel-buffering");
}

// It is what proxies and servers have said.
std::string Harmless(std::string_view text) {
  std::string out;
  AppendForTerminal(out, text);
  return out;
}

std::string Summary(const Examined& one) {
  const DoctorSight& sight = one.sight;
  std::string out = "  well: lines come at once";
  if (sight.done) out += ", and " + Seconds(sight.silence_ms) + " of silence are endured";
  if (!sight.hello->client.empty()) out += "; the server knows you as " + sight.hello->client;
  return out + "\n";
}

}  // namespace

std::string ReportText(const std::vector<Examined>& all, size_t index) {
  const Examined& one = all[index];
  std::string out = one.sight.url;
  if (const std::string_view proxy = ProxyOf(one.sight); !proxy.empty()) {
    out.append(" (").append(proxy).append(")");
  }
  out += "\n";
  if (!HasFault(one.findings)) out += Harmless(Summary(one));
  for (const DoctorFinding& finding : one.findings) {
    out += Harmless((finding.fault ? "  fault: " : "  note: ") + finding.what) + " [" + finding.id +
           "]\n";
    const Where where = WhereIs(all, index, finding);
    if (where == Where::kHere) {
      out += "    it is what stands between here and " + all[index + 1].sight.url + "\n";
    } else if (where == Where::kBehind) {
      out += "    it comes from behind: " + all[index + 1].sight.url + " has it too\n";
    }
    if (KeepsBufferingToItself(all, index, finding)) {
      out += "    " + all[index + 1].sight.url + " does not pass X-Accel-Buffering on to it\n";
    }
    for (const std::string& advice : finding.advice) out += "    " + Harmless(advice) + "\n";
  }
  return out;
}

std::string ReportJson(const std::vector<Examined>& all, size_t index) {
  const Examined& one = all[index];
  const DoctorSight& sight = one.sight;
  std::string out = "{\"url\":";
  AppendJsonString(out, sight.url);
  out += ",\"status\":" + std::to_string(sight.status) + ",\"proxy\":";
  AppendJsonString(out, ProxyOf(sight));
  out += std::string(",\"http2\":") + (sight.http2 ? "true" : "false");
  if (sight.hello) {
    out += ",\"silence_ms\":" + std::to_string(sight.silence_ms);
    out += ",\"hello\":" + sight.hello->json;
  }
  out += std::string(",\"well\":") + (HasFault(one.findings) ? "false" : "true");
  out += ",\"findings\":[";
  for (const DoctorFinding& finding : one.findings) {
    if (out.back() != '[') out += ",";
    out += "{\"id\":";
    AppendJsonString(out, finding.id);
    out += std::string(",\"fault\":") + (finding.fault ? "true" : "false") + ",\"what\":";
    AppendJsonString(out, finding.what);
    const Where where = WhereIs(all, index, finding);
    if (where != Where::kUnknown) {
      out += std::string(",\"where\":") + (where == Where::kHere ? "\"here\"" : "\"behind\"");
    }
    out += ",\"advice\":[";
    for (const std::string& advice : finding.advice) {
      if (out.back() != '[') out += ",";
      AppendJsonString(out, advice);
    }
    out += "]}";
  }
  return out + "]}\n";
}

}  // namespace tailrace
