# Warnings are errors in our own code, in every preset; libraries are included as SYSTEM.
add_library(tailrace_warnings INTERFACE)
target_compile_options(tailrace_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 hides std::expected from clang, which reports an older __cpp_concepts.
  set(show_expected "-U__cpp_concepts -D__cpp_concepts=202002L -Wno-builtin-macro-redefined")
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:${show_expected}>")
endif()
if(TAILRACE_SANITIZE)
  add_compile_options(-fsanitize=${TAILRACE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TAILRACE_SANITIZE})
endif()
if(TAILRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
