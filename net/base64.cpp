#include "net/base64.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>

namespace waybill::net {

std::string to_base64(std::string_view bytes) {
  using namespace boost::archive::iterators;
  using iterator = base64_from_binary<
    transform_width<std::string_view::const_iterator, 6, 8>>;
  std::string result{iterator{bytes.begin()}, iterator{bytes.end()}};
  result.append((3 - bytes.size() % 3) % 3, '=');
  return result;
}

} // namespace waybill::net
