# The flags of every target of ours. Third-party headers are SYSTEM, so they do not warn.
add_library(kartsaz_flags INTERFACE)
target_include_directories(kartsaz_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(kartsaz_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wuseless-cast -Wnon-virtual-dtor
  # false positives of GCC 12 on std::vector and std::string at -O2 and above
  -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict)
if(KARTSAZ_WERROR)
  target_compile_options(kartsaz_flags INTERFACE -Werror)
endif()
if(KARTSAZ_SANITIZE)
  target_compile_options(kartsaz_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(kartsaz_flags INTERFACE -fsanitize=address,undefined)
endif()

# kartsaz_library(NAME SOURCES... [PUBLIC libs...] [PRIVATE libs...])
function(kartsaz_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC kartsaz_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()
