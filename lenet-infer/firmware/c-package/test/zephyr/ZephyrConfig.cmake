# A stand-in for Zephyr's CMake package: what the module and its sample use of it, with Zephyr's meaning.
#
# The configuration comes from the command line, -DCONFIG_...=y, and from the sample's prj.conf. FLAGS are the compiler's
# for the core, LINK the linker's, and EXAMPLE the folder with the start-up code.

file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/prj.conf lines REGEX "^CONFIG_")
foreach(line ${lines})
  string(REGEX MATCH "^([A-Z0-9_]+)=(.*)$" line "${line}")
  if(NOT DEFINED ${CMAKE_MATCH_1})
    set(${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
  endif()
endforeach()
# The default of the module's Kconfig, which kconfig.py checks.
if(NOT DEFINED CONFIG_LENET_MODEL)
  set(CONFIG_LENET_MODEL y)
endif()

set(CMAKE_EXECUTABLE_SUFFIX_C .elf)
project(zephyr C)
separate_arguments(FLAGS)
separate_arguments(LINK)
add_compile_options(${FLAGS} -Os -Wall -Wextra -Werror -ffreestanding -ffunction-sections -fdata-sections)

add_executable(app ${EXAMPLE}/startup.c ${CMAKE_CURRENT_LIST_DIR}/printk.c ${CMAKE_CURRENT_LIST_DIR}/../libc.c)
# Without the flag, the loop of memcpy would become a call of memcpy.
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/../libc.c PROPERTIES COMPILE_OPTIONS
  -fno-tree-loop-distribute-patterns)
target_include_directories(app PRIVATE ${EXAMPLE} ${CMAKE_CURRENT_LIST_DIR}/include)
target_link_options(app PRIVATE ${FLAGS} -nostdlib -Wl,--gc-sections ${LINK})

function(zephyr_append_cmake_library library)
  set_property(GLOBAL APPEND PROPERTY ZEPHYR_LIBS ${library})
endfunction()

function(zephyr_library_import library path)
  add_library(${library} STATIC IMPORTED GLOBAL)
  set_target_properties(${library} PROPERTIES IMPORTED_LOCATION ${path})
  zephyr_append_cmake_library(${library})
endfunction()

function(zephyr_include_directories)
  foreach(folder ${ARGN})
    get_filename_component(folder ${folder} ABSOLUTE)
    target_include_directories(app PRIVATE ${folder})
    set_property(GLOBAL APPEND PROPERTY ZEPHYR_INCLUDES ${folder})
  endforeach()
endfunction()

macro(zephyr_library_named library)
  set(ZEPHYR_CURRENT_LIBRARY ${library})
  add_library(${library} STATIC)
  zephyr_append_cmake_library(${library})
endmacro()

function(zephyr_library_sources)
  get_property(folders GLOBAL PROPERTY ZEPHYR_INCLUDES)
  target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${folders})
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()

foreach(module ${EXTRA_ZEPHYR_MODULES})
  add_subdirectory(${module} module)
endforeach()

# As in Zephyr, all members of these libraries are linked, and of libgcc those that are needed.
get_property(libraries GLOBAL PROPERTY ZEPHYR_LIBS)
target_link_libraries(app PRIVATE -Wl,--whole-archive ${libraries} -Wl,--no-whole-archive -lgcc)
