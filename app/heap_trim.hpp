#pragma once

#include <boost/asio/steady_timer.hpp>

namespace waybill::app {

/// Gives memory back to the system, every few seconds if there is much: what
/// queues took while clients read slowly stays with the process otherwise,
/// since glibc keeps what was freed between things that are still in use.
/// @param timer outlives the loop that it is on.
void trim_memory(boost::asio::steady_timer& timer);

} // namespace waybill::app
