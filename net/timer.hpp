#pragma once

#include <chrono>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>

namespace waybill::net {

/// A timer on an event loop, with a concrete executor type.
template <class Clock>
using basic_timer
  = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                      boost::asio::io_context::executor_type>;

using timer_type = basic_timer<std::chrono::steady_clock>;

/// A timer for wall-clock time.
using system_timer = basic_timer<std::chrono::system_clock>;

/// Creates a timer on the event loop of `executor`.
template <class Timer = timer_type, class Executor>
Timer make_timer(const Executor& executor) {
  namespace asio = boost::asio;
  auto& context = asio::query(executor, asio::execution::context);
  return Timer{static_cast<asio::io_context&>(context)};
}

} // namespace waybill::net
