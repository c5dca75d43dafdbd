# Writes a source file that holds the files of this folder, and the client in
# JavaScript.
#
#   cmake -D OUT=FILE -P embed.cmake
set(type_html text/html)
set(type_js text/javascript)
set(type_css text/css)
set(type_txt text/plain)

file(GLOB_RECURSE files ${CMAKE_CURRENT_LIST_DIR}/*)
list(APPEND files ${CMAKE_CURRENT_LIST_DIR}/../js/waybill.js)
set(arrays "")
set(entries "")
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  string(REGEX MATCH "[a-z]+$" extension ${name})
  if(DEFINED type_${extension})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    list(LENGTH entries number)
    string(APPEND arrays "constexpr unsigned char file_${number}[] = {${bytes}};\n")
    if(name STREQUAL index.html)
      set(name "")
    endif()
    list(APPEND entries
      "  {\"${name}\", {\"${type_${extension}}\", text_of(file_${number})}},\n")
  endif()
endforeach()
list(JOIN entries "" entries)
file(WRITE ${OUT} "#include \"app/console.hpp\"

namespace waybill::app {

namespace {

template <size_t Size>
std::string text_of(const unsigned char (&bytes)[Size]) {
  return {reinterpret_cast<const char*>(bytes), Size};
}

${arrays}
const std::map<std::string, net::static_file> all = {
${entries}};

} // namespace

net::static_files console_files() {
  return std::make_shared<const std::map<std::string, net::static_file>>(all);
}

} // namespace waybill::app
")
