#pragma once

#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>

namespace waybill::net {

/// A timer on an event loop, whose executor is known by type.
using timer_type = boost::asio::basic_waitable_timer<
  std::chrono::steady_clock,
  boost::asio::wait_traits<std::chrono::steady_clock>,
  boost::asio::io_context::executor_type>;

/// Makes a timer on the event loop that `executor` belongs to.
template <class Executor>
timer_type make_timer(const Executor& executor) {
  namespace asio = boost::asio;
  auto& context = asio::query(executor, asio::execution::context);
  return timer_type{static_cast<asio::io_context&>(context)};
}

} // namespace waybill::net
