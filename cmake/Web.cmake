# The library tailrace_assets: the pages in web/ inside the program (src/server/assets.h). Without
# TAILRACE_WEB, which needs Node.js, it holds a notice only.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

set(web_dir ${CMAKE_SOURCE_DIR}/web)
set(web_build ${CMAKE_BINARY_DIR}/web)

if(TAILRACE_WEB)
  set(web_dist ${web_build}/dist)
  file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web_dir}/src/* ${web_dir}/public/*)
  list(FILTER web_sources EXCLUDE REGEX "[.]test[.]ts$")
  set(web_stamp ${web_build}/dist.stamp)
  add_custom_command(
    OUTPUT ${web_stamp}
    COMMAND ${web_dir}/scripts/build.sh ${web_dist}
    COMMAND ${CMAKE_COMMAND} -E touch ${web_stamp}
    DEPENDS ${web_sources} ${web_dir}/index.html ${web_dir}/package.json
            ${web_dir}/package-lock.json ${web_dir}/tsconfig.json ${web_dir}/vite.config.ts
            ${web_dir}/vite.component.ts ${web_dir}/small-templates.ts ${web_dir}/scripts/build.sh
            ${web_dir}/scripts/check-size.mjs
    COMMENT "Building the pages"
    VERBATIM)
else()
  set(web_dist ${web_build}/notice)
  set(web_stamp ${web_dist}/index.html)
  configure_file(${web_dir}/scripts/notice.html ${web_stamp} COPYONLY)
endif()

set(web_source ${web_build}/assets.cc)
add_custom_command(
  OUTPUT ${web_source}
  COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/cmake/embed_assets.py ${web_dist} ${web_source}
  DEPENDS ${web_stamp} ${CMAKE_SOURCE_DIR}/cmake/embed_assets.py
  COMMENT "Embedding the pages"
  VERBATIM)

add_library(tailrace_assets STATIC ${web_source})
target_link_libraries(tailrace_assets PRIVATE tailrace_warnings)

include(GoogleTest)
add_executable(assets_test ${CMAKE_SOURCE_DIR}/src/server/assets_test.cc)
target_link_libraries(assets_test PRIVATE tailrace_assets tailrace_warnings ZLIB::ZLIB
                      GTest::gmock GTest::gtest_main)
gtest_discover_tests(assets_test TEST_PREFIX assets: DISCOVERY_MODE PRE_TEST
                     PROPERTIES LABELS unit TIMEOUT 60)

if(TAILRACE_WEB)
  add_test(NAME web:unit
           COMMAND ${web_dir}/node_modules/.bin/vitest run WORKING_DIRECTORY ${web_dir})
  set_tests_properties(web:unit PROPERTIES LABELS unit TIMEOUT 300)
  # Each build checks the types, strictly; this is ESLint and the formatting.
  add_test(NAME style:web COMMAND npm run --silent lint WORKING_DIRECTORY ${web_dir})
  set_tests_properties(style:web PROPERTIES LABELS style TIMEOUT 300)
endif()
