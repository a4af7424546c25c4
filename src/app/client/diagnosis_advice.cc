#include "app/client/diagnosis_advice.h"

#include <array>

namespace tailrace {
namespace {

struct Row {
  std::string_view id;
  std::string_view proxy;  // "uwsgi": nginx that asks by uwsgi_pass; empty: whatever it is
  std::string_view text;
};

constexpr auto kRows = std::to_array<Row>({
    {"buffers", "nginx",
     "proxy_buffering off; or take out: proxy_ignore_headers X-Accel-Buffering; (if what it asks "
     "is an nginx too, that one needs: proxy_pass_header X-Accel-Buffering;)"},
    {"buffers", "uwsgi",
     "uwsgi_buffering off; or take out: uwsgi_ignore_headers X-Accel-Buffering;"},
    {"buffers", "caddy", "take out: buffer_responses (response_buffers in later versions)"},
    {"buffers", "haproxy", "take out: http-response wait-for-body"},
    {"buffers", "", "let answers of type text/event-stream through as they come"},

    {"cuts", "nginx", "proxy_read_timeout {T}s;"},
    {"cuts", "uwsgi", "uwsgi_read_timeout {T}s;"},
    {"cuts", "caddy",
     "transport http { read_timeout {T}s } in reverse_proxy; in the global options "
     "servers { timeouts { write 0 } }"},
    {"cuts", "haproxy", "timeout server {T}s and timeout client {T}s"},
    {"cuts", "", "an idle time-out of {T} s"},

    {"compresses", "nginx", "take text/event-stream out of: gzip_types; or gzip off;"},
    {"compresses", "uwsgi", "take text/event-stream out of: gzip_types; or gzip off;"},
    {"compresses", "caddy",
     "@rest not header Accept *text/event-stream* with encode @rest gzip; take out: "
     "header_down -Cache-Control"},
    {"compresses", "haproxy",
     "take text/event-stream out of: compression type; and take out: http-response del-header "
     "Cache-Control"},
    {"compresses", "", "let text/event-stream through as it is: the server compresses by itself"},

    {"drops-last-event-id", "nginx", "proxy_set_header Last-Event-ID $http_last_event_id;"},
    {"drops-last-event-id", "uwsgi",
     "uwsgi_param HTTP_LAST_EVENT_ID $http_last_event_id; or uwsgi_pass_request_headers on;"},
    {"drops-last-event-id", "caddy", "take out: header_up -Last-Event-ID"},
    {"drops-last-event-id", "haproxy", "take out: http-request del-header Last-Event-ID"},
    {"drops-last-event-id", "", "let the request's fields pass as they are"},

    {"drops-cookie", "nginx", "proxy_set_header Cookie $http_cookie;"},
    {"drops-cookie", "uwsgi",
     "uwsgi_param HTTP_COOKIE $http_cookie; or uwsgi_pass_request_headers on;"},
    {"drops-cookie", "caddy", "take out: header_up -Cookie"},
    {"drops-cookie", "haproxy", "take out: http-request del-header Cookie"},
    {"drops-cookie", "", "let the request's fields pass as they are"},

    {"drops-authorization", "nginx", "proxy_set_header Authorization $http_authorization;"},
    {"drops-authorization", "uwsgi",
     "uwsgi_param HTTP_AUTHORIZATION $http_authorization; or uwsgi_pass_request_headers on;"},
    {"drops-authorization", "caddy", "take out: header_up -Authorization"},
    {"drops-authorization", "haproxy", "take out: http-request del-header Authorization"},
    {"drops-authorization", "", "let the request's fields pass as they are"},

    {"drops-accept-encoding", "nginx", "proxy_set_header Accept-Encoding $http_accept_encoding;"},
    {"drops-accept-encoding", "caddy", "take out: header_up -Accept-Encoding"},
    {"drops-accept-encoding", "haproxy",
     "take out: compression offload, http-request del-header Accept-Encoding"},

    {"drops-cache-control", "nginx", "take out: proxy_hide_header Cache-Control; expires"},
    {"drops-cache-control", "uwsgi", "take out: uwsgi_hide_header Cache-Control; expires"},
    {"drops-cache-control", "caddy", "take out: header_down -Cache-Control"},
    {"drops-cache-control", "haproxy", "take out: http-response del-header Cache-Control"},
    {"drops-cache-control", "", "let the answer's fields pass as they are"},

    {"drops-x-accel-buffering", "nginx", "proxy_pass_header X-Accel-Buffering;"},
    {"drops-x-accel-buffering", "uwsgi", "uwsgi_pass_header X-Accel-Buffering;"},
    {"drops-x-accel-buffering", "caddy", "take out: header_down -X-Accel-Buffering"},
    {"drops-x-accel-buffering", "haproxy", "take out: http-response del-header X-Accel-Buffering"},

    {"changes-content-type", "", "let Content-Type: text/event-stream pass as it is"},

    {"drops-client", "nginx", "proxy_set_header X-Forwarded-For $remote_addr;"},
    {"drops-client", "caddy", "take out: header_up -X-Forwarded-For"},
    {"drops-client", "haproxy", "option forwardfor"},
    {"drops-client", "", "set X-Forwarded-For to the client's address"},

    {"believes-clients", "nginx",
     "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; "
     "proxy_set_header X-Forwarded-Host $http_host;"},
    {"believes-clients", "uwsgi",
     "uwsgi_param HTTP_X_FORWARDED_FOR \"\"; uwsgi_param HTTP_X_FORWARDED_HOST \"\"; "
     "uwsgi_param HTTP_X_FORWARDED_PROTO \"\"; (what uwsgi_params tells is enough)"},
    {"believes-clients", "caddy",
     "trusted_proxies in reverse_proxy: only the proxies in front of it"},
    {"believes-clients", "haproxy",
     "http-request del-header X-Forwarded-For with option forwardfor; http-request set-header "
     "X-Forwarded-Host %[req.hdr(Host)]"},
    {"believes-clients", "", "set X-Forwarded-For, -Proto and -Host; do not pass the client's on"},

    {"drops-scheme", "nginx", "proxy_set_header X-Forwarded-Proto $scheme;"},
    {"drops-scheme", "uwsgi", "include uwsgi_params; (it tells the scheme)"},
    {"drops-scheme", "caddy", "take out: header_up -X-Forwarded-Proto"},
    {"drops-scheme", "haproxy", "http-request set-header X-Forwarded-Proto https"},
    {"drops-scheme", "", "set X-Forwarded-Proto"},

    {"drops-host", "nginx", "proxy_set_header Host $http_host;"},
    {"drops-host", "uwsgi", "take out: uwsgi_param HTTP_HOST"},
    {"drops-host", "caddy", "take out: header_up Host"},
    {"drops-host", "haproxy", "take out: http-request set-header Host"},
    {"drops-host", "", "pass Host on, or set X-Forwarded-Host"},

    {"drops-port", "uwsgi", "uwsgi_param HTTP_HOST $host:$server_port; in uwsgi_params"},

    {"http1", "nginx", "listen 443 ssl http2;"},
    {"http1", "uwsgi", "listen 443 ssl http2;"},
    {"http1", "caddy", "servers { protocols h1 h2 } in the global options"},
    {"http1", "haproxy", "bind :443 ssl crt FILE alpn h2,http/1.1"},

    {"http1.0", "nginx", "proxy_http_version 1.1; proxy_set_header Connection \"\";"},

    {"asks-itself", "nginx", "auth_basic off; in this location"},
    {"asks-itself", "caddy", "take out: basicauth"},
    {"asks-itself", "haproxy", "take out: http-request auth"},
    {"asks-itself", "", "let Tailrace ask who it is, for these addresses"},

    {"away", "", "check the proxy's address of the server, and that the server runs"},
    {"away", "", "answer browsers with 200 and retry: meanwhile, as docs/proxies.md shows"},
});

// Where the server reads Forwarded, one field tells what the three others do (RFC 7239).
constexpr auto kForwardedRows = std::to_array<Row>({
    {"", "nginx",
     "proxy_set_header Forwarded \"for=$remote_addr;proto=$scheme;host=\\\"$http_host\\\"\";"},
    {"", "caddy",
     "header_up Forwarded \"for={remote_host};proto={scheme};host=\\\"{hostport}\\\"\""},
    {"", "haproxy", "http-request set-header Forwarded for=%[src];proto=%[ssl_fc,iif(https,http)]"},
    {"", "", "set Forwarded, with for, proto and host"},
});

bool TellsOfClients(std::string_view id) {
  return id == "drops-client" || id == "believes-clients" || id == "drops-scheme";
}

std::string WithTimeout(std::string_view text, uint64_t timeout_s) {
  std::string out(text);
  for (size_t at = out.find("{T}"); at != std::string::npos; at = out.find("{T}")) {
    out.replace(at, 3, std::to_string(timeout_s));
  }
  return out;
}

std::string_view Title(std::string_view proxy) {
  if (proxy == "uwsgi") return "nginx";
  if (proxy == "caddy") return "Caddy";
  return proxy == "haproxy" ? "HAProxy" : proxy;
}

}  // namespace

std::vector<std::string> AdviceFor(const AdviceQuery& query) {
  const std::string_view wanted = query.uwsgi ? "uwsgi" : query.proxy;
  std::vector<std::string> advice;
  bool known = false;  // there is a line for the very proxy
  const auto take = [&](const Row& row) {
    const bool general = row.proxy.empty();
    if (general && known) return;
    if (!general && !wanted.empty() && row.proxy != wanted) return;
    if (wanted.empty() && row.proxy == "uwsgi") return;  // nginx is told once
    known = known || (!general && row.proxy == wanted);
    const std::string text = WithTimeout(row.text, query.timeout_s);
    advice.push_back(general ? text : std::string(Title(row.proxy)) + ": " + text);
  };
  if (query.forwarded && !query.uwsgi && TellsOfClients(query.id)) {
    for (const Row& row : kForwardedRows) take(row);
    return advice;
  }
  for (const Row& row : kRows) {
    if (row.id == query.id) take(row);
  }
  return advice;
}

}  // namespace tailrace
