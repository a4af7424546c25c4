#include "store/mongodb/layout.h"

namespace tailrace::mongo {
namespace {

// Padded, so that the order of the texts is that of the numbers.
std::string Digits(uint64_t value) {
  constexpr size_t kWidth = 12;
  const std::string digits = std::to_string(value);
  return digits.size() >= kWidth ? digits : std::string(kWidth - digits.size(), '0') + digits;
}

}  // namespace

std::string EntryId(uint64_t number, Position position) {
  return Digits(number) + "." + Digits(position);
}

std::string EndId(uint64_t number) {
  return Digits(number) + ".end";
}

std::string ProducerId(uint64_t number, std::string_view producer) {
  return (Digits(number) + "/").append(producer);
}

std::string MemoId(uint64_t number) {
  return ProducerId(number, "");
}

std::string ProducersEnd(uint64_t number) {
  return Digits(number) + "0";  // the character behind '/'
}

std::string WriterId(std::string_view writer) {
  return std::string("writer/").append(writer);
}

}  // namespace tailrace::mongo
