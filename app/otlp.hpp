#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "actors/core/log_gate.hpp"
#include "actors/span_processor.hpp"
#include "app/client/node_access.hpp"
#include "app/options/otlp_url.hpp"

namespace waybill::app {

/// Encodes spans as the JSON of a request (OpenTelemetry Protocol,
/// `ExportTraceServiceRequest`).
/// @param node the name of the node.
std::string encode_spans(const spans& all, const std::string& node);

/// Sends spans by OTLP over HTTP.
class otlp_exporter : public span_exporter {
public:
  /// @param context of the loop that calls `send`.
  /// @param node the name of the node.
  otlp_exporter(boost::asio::io_context& context, const otlp_url& url,
                std::string node);

  void send(const spans& all, handler handle) override;

private:
  boost::asio::io_context& context_;
  node_access access_;
  const std::string path_;
  const std::string node_;
  std::shared_ptr<log_gate> log_;
};

} // namespace waybill::app
