#include "server/answer_coding.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "http/stream_coding.h"

namespace tailrace {
namespace {

// What streams are made of (docs/adr/0007): parts that refer to nothing before them, so that a
// download of hours holds no compressor.
class Joiner {
 public:
  explicit Joiner(ContentCoding coding) : coding_(coding) {}

  void Add(std::string_view plain, std::string& out) {
    if (coding_ == ContentCoding::kZstd) {
      AppendZstdFrame(out, plain);
    } else {
      if (!std::exchange(begun_, true)) AppendGzipStart(out);
      AppendGzipPart(out, plain);
      sum_ = JoinSums(sum_, SumOf(plain));
    }
    empty_ = false;
  }
  void End(std::string& out) {
    if (empty_) Add("", out);
    if (coding_ == ContentCoding::kGzip) AppendGzipEnd(out, sum_);
  }

 private:
  ContentCoding coding_;
  PlainSum sum_;
  bool begun_ = false;
  bool empty_ = true;
};

class CodedSource final : public BodySource {
 public:
  CodedSource(std::unique_ptr<BodySource> plain, ContentCoding coding)
      : plain_(std::move(plain)), joiner_(coding) {}

  Result<std::string> Next() override {
    std::string out;
    if (ended_) return out;
    const Result<std::string> piece = plain_->Next();
    if (!piece) return Fail(piece.error());
    ended_ = piece->empty();
    if (ended_) {
      joiner_.End(out);
    } else {
      joiner_.Add(*piece, out);
    }
    return out;
  }

 private:
  std::unique_ptr<BodySource> plain_;
  Joiner joiner_;
  bool ended_ = false;
};

std::string Compressed(std::string_view body, ContentCoding coding) {
  constexpr size_t kPieceBytes = 1 << 20;  // bounds the compressor's scratch
  std::string out;
  Joiner joiner(coding);
  if (coding == ContentCoding::kZstd) {  // one frame: all decoders know it
    joiner.Add(body, out);
    return out;
  }
  for (; !body.empty(); body.remove_prefix(std::min(body.size(), kPieceBytes))) {
    joiner.Add(body.substr(0, kPieceBytes), out);
  }
  joiner.End(out);
  return out;
}

Headers EncodedHeaders(const Headers& headers, ContentCoding coding) {
  const bool coded = coding != ContentCoding::kIdentity;
  std::string vary;
  Headers out;
  for (size_t i = 0; i < headers.Size(); ++i) {
    const HeaderField field = headers.At(i);
    if (EqualsIgnoreCase(field.name, "Vary")) {
      vary.append(field.value).append(", ");
    } else if (EqualsIgnoreCase(field.name, "ETag")) {
      out.Add(field.name, CodedEtag(field.value, coding));
    } else if (coded && EqualsIgnoreCase(field.name, "Accept-Ranges")) {
      out.Add(field.name, "none");  // of this form
    } else {
      out.Add(field.name, field.value);
    }
  }
  out.Add("Vary", vary.append("Accept-Encoding"));
  if (coded) out.Add("Content-Encoding", ContentCodingName(coding));
  return out;
}

}  // namespace

ContentCoding CodingOfBody(ContentCoding preferred, std::optional<uint64_t> bytes) {
  return bytes.value_or(kMinCodedBytes) < kMinCodedBytes ? ContentCoding::kIdentity : preferred;
}

std::string CodedEtag(std::string_view etag, ContentCoding coding) {
  if (coding == ContentCoding::kIdentity || !etag.starts_with('"')) return std::string(etag);
  std::string coded(etag.substr(0, etag.size() - 1));
  return coded.append("-").append(ContentCodingName(coding)).append("\"");
}

Answer EncodeAnswer(Answer answer, ContentCoding preferred) {
  const std::optional<uint64_t> bytes =
      answer.source ? answer.source_bytes : std::optional<uint64_t>(answer.body.size());
  const ContentCoding coding =
      answer.status == 200 ? CodingOfBody(preferred, bytes) : ContentCoding::kIdentity;
  answer.headers = EncodedHeaders(answer.headers, coding);
  if (coding == ContentCoding::kIdentity) return answer;
  if (answer.source) {
    answer.source = std::make_unique<CodedSource>(std::move(answer.source), coding);
    answer.source_bytes.reset();
  } else {
    answer.body = Compressed(answer.body, coding);
  }
  return answer;
}

}  // namespace tailrace
