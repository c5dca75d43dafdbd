#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace waybill {

/// State machine of a session that reads its mailbox, page by page, up to the
/// entry that is the last when it begins. It begins again whenever the session
/// may have missed a kept push.
class inbox_reader {
public:
  enum class phase : uint8_t {
    /// Not every node can reach the session; it may miss pushes.
    waiting,
    /// A page is requested.
    reading,
    /// The next page is to be requested when the queue has been written.
    has_more,
    /// The mailbox has been read to its end.
    done,
  };

  /// Command to the session: requests a page.
  struct page_request {
    /// Number of the request; to be passed to `wants` with the page.
    uint64_t number;

    /// The last entry to read; empty for the last one of the mailbox.
    std::string upto;
  };

  // -- events -----------------------------------------------------------------

  /// Every node can reach the session.
  /// @param has_mail false if the mailbox was empty when this began.
  /// @returns the page to request, unless the mailbox has been read.
  std::optional<page_request> on_reachable(bool has_mail);

  /// Not every node can reach the session any more.
  void on_unreachable();

  /// The queue has been written.
  /// @returns the page to request, if there is one.
  std::optional<page_request> on_queue_written();

  /// Kept pushes were dropped unwritten, so they must be read again.
  void on_dropped();

  /// The page of the last request was queued.
  /// @pre `wants` its number
  void on_page(const std::string& upto, bool more);

  // -- observers --------------------------------------------------------------

  /// Returns whether the page of a request is still wanted: a later event may
  /// have made it outdated.
  bool wants(uint64_t number) const noexcept {
    return phase_ == phase::reading && number == number_;
  }

  /// Returns whether the mailbox has been read to its end.
  bool is_done() const noexcept { return phase_ == phase::done; }

private:
  page_request read();

  /// Begins again, in `next`.
  void restart(phase next);

  phase phase_ = phase::waiting;

  /// Set if kept pushes were dropped while it waited.
  bool has_dropped_ = false;

  /// Number of the last request.
  uint64_t number_ = 0;

  /// The last entry to read, once the first page has named it.
  std::string upto_;
};

} // namespace waybill
