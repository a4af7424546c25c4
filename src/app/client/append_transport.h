// AppendTransport: a delivery's steps as the requests of api.md "Writing".
#pragma once

#include "app/client/http_client.h"
#include "source/delivery_thread.h"

namespace tailrace {

class AppendTransport final : public LogTransport {
 public:
  AppendTransport(ClientConfig config, LogKey key, std::string producer);

  DeliveryReply Send(const DeliveryStep& step) override;
  void Cancel() override { client_.Cancel(); }

 private:
  HttpClient client_;
  const LogKey key_;
  const std::string producer_;
};

}  // namespace tailrace
