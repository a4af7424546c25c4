// UwsgiHeadBuilder: the variables of a uwsgi request as a RequestHead.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/head_rules.h"
#include "http/http1.h"

namespace tailrace {

/// Used by UwsgiParser, whose comment says what becomes of which variable.
class UwsgiHeadBuilder {
 public:
  /// `variables`: all of them, with their sizes.
  static std::optional<HeadFault> Build(std::string_view variables, const Http1Limits& limits,
                                        RequestHead& head);

 private:
  UwsgiHeadBuilder(const Http1Limits& limits, RequestHead& head) : limits_(limits), head_(head) {}

  std::optional<HeadFault> Read(std::string_view variables);
  std::optional<HeadFault> Add(std::string_view name, std::string_view value);
  std::optional<HeadFault> AddField(std::string_view name, std::string_view value);
  std::optional<HeadFault> FindTarget();
  std::optional<HeadFault> CheckHost();
  void FindGateway();

  const Http1Limits& limits_;
  RequestHead& head_;
  // Of variables that must not come twice with different values.
  std::optional<std::string_view> method_;
  std::optional<std::string_view> path_;
  std::optional<std::string_view> uri_;
  std::optional<std::string_view> query_;
  std::optional<std::string_view> length_;
  std::optional<std::string_view> type_;
  // Of these the last one counts: a location sets them anew behind `include uwsgi_params`.
  std::string_view address_;
  std::string_view scheme_;
  std::string_view https_;
};

}  // namespace tailrace
