// Paths of the Kubernetes API, with what is put into them encoded.
#pragma once

#include <string>
#include <string_view>

namespace tailrace::kube {

/// "/api/v1/namespaces/NS/pods/NAME/log?follow=true": Segment appends '/' and an encoded segment,
/// Query appends '?' or '&' and an encoded pair.
class ApiPath {
 public:
  explicit ApiPath(std::string_view prefix) : text_(prefix) {}

  ApiPath& Segment(std::string_view text);
  ApiPath& Query(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// "/api/v1/pods", "/apis/apps/v1/namespaces/NS/deployments": `group_version` is "v1" or "apps/v1";
/// `namespace_name` empty: those of all namespaces.
ApiPath ResourcePath(std::string_view group_version, std::string_view namespace_name,
                     std::string_view plural);

}  // namespace tailrace::kube
