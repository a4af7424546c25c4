# tailrace_python_tests(PREFIX [module.py …]): every test class (its name ends with "Test")
# of every module becomes one CTest, PREFIX:module.Class, which runs against the built program.
# Without modules: all *_test.py of the folder. Tests run from their own folder with tests/ in
# PYTHONPATH, because one folder is named like a module of Python's (http).

# scripts/deps puts the foreign clients that some tests use into build/venv.
if(EXISTS ${CMAKE_SOURCE_DIR}/build/venv/bin/python)
  set(TAILRACE_TEST_PYTHON ${CMAKE_SOURCE_DIR}/build/venv/bin/python)
else()
  find_program(TAILRACE_TEST_PYTHON NAMES python3 REQUIRED)
endif()

function(tailrace_python_tests prefix)
  set(files ${ARGN})
  if(NOT files)
    file(GLOB files RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS
         ${CMAKE_CURRENT_SOURCE_DIR}/*_test.py)
  endif()
  foreach(file ${files})
    set(path ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    cmake_path(GET file STEM module)
    file(STRINGS ${path} lines REGEX "^class [A-Za-z0-9]+Test\\(")
    foreach(line ${lines})
      string(REGEX REPLACE "^class ([A-Za-z0-9]+)\\(.*" "\\1" class "${line}")
      set(name ${prefix}:${module}.${class})
      add_test(NAME ${name} COMMAND ${TAILRACE_TEST_PYTHON} -m support.run ${module}.${class}
               WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
      set(environment PYTHONPATH=${CMAKE_SOURCE_DIR}/tests TAILRACE_BINARY=$<TARGET_FILE:tailrace>
                      PYTHONDONTWRITEBYTECODE=1)
      set_tests_properties(${name} PROPERTIES LABELS whole-binary TIMEOUT 300
                           ENVIRONMENT "${environment}")
    endforeach()
  endforeach()
endfunction()
