#pragma once

#include <boost/asio/steady_timer.hpp>

namespace waybill::app {

/// Returns free heap memory to the system every few seconds. Otherwise the
/// process keeps the memory of send queues that slow clients filled, since
/// glibc does not release free blocks between blocks in use.
/// @param timer must outlive its loop.
void trim_memory(boost::asio::steady_timer& timer);

} // namespace waybill::app
