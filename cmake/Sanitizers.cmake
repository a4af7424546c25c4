# What every test of a build with TAILRACE_SANITIZE runs with: the options of the sanitizers, as far
# as the environment does not set them itself, and TAILRACE_SANITIZE, by which tests/support knows
# that a process may write a report. CTest reads the file before it runs the tests of the build.
if(TAILRACE_SANITIZE)
  set(tools ${CMAKE_SOURCE_DIR}/tools)
  file(CONFIGURE OUTPUT sanitizers.cmake @ONLY CONTENT [=[
set(ENV{TAILRACE_SANITIZE} "@TAILRACE_SANITIZE@")
if(NOT DEFINED ENV{ASAN_OPTIONS})
  set(ENV{ASAN_OPTIONS} "detect_stack_use_after_return=1:strict_string_checks=1")
endif()
if(NOT DEFINED ENV{LSAN_OPTIONS})
  set(ENV{LSAN_OPTIONS} "suppressions=@tools@/lsan.supp:print_suppressions=0")
endif()
if(NOT DEFINED ENV{UBSAN_OPTIONS})
  set(ENV{UBSAN_OPTIONS} "halt_on_error=1:print_stacktrace=1")
endif()
if(NOT DEFINED ENV{TSAN_OPTIONS})
  # history_size: a suppression is found by the older access's stack, which must still be known.
  set(ENV{TSAN_OPTIONS} "suppressions=@tools@/tsan.supp:second_deadlock_stack=1:history_size=7")
endif()
]=])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_BINARY_DIR}/sanitizers.cmake)
endif()
