#include "net/connection.hpp"

#include <memory>

#include "net/http_connection.hpp"

namespace waybill::net {

void serve(socket_type socket, server_context& context, const arrival& from) {
  std::make_shared<http_connection<socket_type>>(std::move(socket), context,
                                                 from)
    ->start();
}

} // namespace waybill::net
