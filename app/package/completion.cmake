# Writes a source file that holds the completions of this folder.
#
#   cmake -D OUT=FILE -P completion.cmake
foreach(shell bash zsh)
  file(READ ${CMAKE_CURRENT_LIST_DIR}/completion.${shell} text)
  set(${shell} "R\"waybill(${text})waybill\"")
endforeach()
file(WRITE ${OUT} "#include \"app/commands/completion.hpp\"

namespace waybill::app {

std::string_view completion_of(bool is_zsh) {
  return is_zsh ? ${zsh}
                : ${bash};
}

} // namespace waybill::app
")
