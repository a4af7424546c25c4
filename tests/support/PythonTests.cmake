# tailrace_python_tests(PREFIX module.py …): every test class (its name ends with "Test") of every
# module becomes one CTest, PREFIX:module.Class, which runs against the built program.
# tailrace_python_program(NAME module arguments…): a program that is a test by its exit code.
include_guard(GLOBAL)

# scripts/deps puts the foreign clients that some tests use into build/venv.
if(EXISTS ${CMAKE_SOURCE_DIR}/build/venv/bin/python)
  set(TAILRACE_TEST_PYTHON ${CMAKE_SOURCE_DIR}/build/venv/bin/python)
else()
  find_program(TAILRACE_TEST_PYTHON NAMES python3 REQUIRED)
endif()

function(tailrace_python_program name)
  add_test(NAME ${name} COMMAND ${TAILRACE_TEST_PYTHON} -m ${ARGN}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  set_tests_properties(${name} PROPERTIES LABELS whole-binary TIMEOUT 300
    ENVIRONMENT "TAILRACE_BINARY=$<TARGET_FILE:tailrace>;PYTHONDONTWRITEBYTECODE=1")
endfunction()

function(tailrace_python_tests prefix)
  foreach(file ${ARGN})
    set(path ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    get_filename_component(module ${file} NAME_WE)
    get_filename_component(package ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    file(STRINGS ${path} lines REGEX "^class [A-Za-z0-9]+Test\\(")
    foreach(line ${lines})
      string(REGEX REPLACE "^class ([A-Za-z0-9]+)\\(.*" "\\1" class "${line}")
      tailrace_python_program(${prefix}:${module}.${class} unittest ${package}.${module}.${class})
    endforeach()
  endforeach()
endfunction()
