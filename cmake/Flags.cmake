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

# Headers are most of what a file costs to compile, so the files of a target are compiled several together. What
# is in an anonymous namespace then needs a name of its own within the target; SEPARATE is for targets whose files
# mirror each other (SCP02 and SCP03) and so use the same names.
option(KARTSAZ_TOGETHER "Compile the files of a target several together" ON)
function(kartsaz_together name)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${KARTSAZ_TOGETHER} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# kartsaz_library(NAME SOURCES... [PUBLIC libs...] [PRIVATE libs...] [SEPARATE])
function(kartsaz_library name)
  cmake_parse_arguments(ARG "SEPARATE" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC kartsaz_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  if(NOT ARG_SEPARATE)
    kartsaz_together(${name})
  endif()
endfunction()
