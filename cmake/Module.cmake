# tailrace_module(NAME SOURCES a.cc … TESTS a_test.cc … DEPENDS module|library …)
#
# Makes the static library tailrace_NAME and, if there are tests, the program NAME_test, each of
# whose cases is a CTest. TEST_DEPENDS are linked to the tests only. Modules are named without
# prefix.
function(tailrace_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;DEPENDS;TEST_DEPENDS" ${ARGN})
  set(libraries "")
  foreach(dependency ${ARG_DEPENDS})
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/${dependency}/CMakeLists.txt)
      list(APPEND libraries tailrace_${dependency})
    else()
      list(APPEND libraries ${dependency})
    endif()
  endforeach()
  add_library(tailrace_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(tailrace_${name} PUBLIC ${libraries} PRIVATE tailrace_warnings)
  if(ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE tailrace_${name} tailrace_warnings
                          ${ARG_TEST_DEPENDS} GTest::gmock GTest::gtest_main)
    include(GoogleTest)
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}: DISCOVERY_MODE PRE_TEST
                         PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
