# Every library that Tailrace links, as one target each. All come from Debian (scripts/deps).
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CURL REQUIRED)
find_package(GTest REQUIRED)

foreach(library
    libuv libzstd re2 simdjson rocksdb fmt spdlog tomlplusplus libnghttp2 libsodium yaml-cpp)
  pkg_check_modules(${library} REQUIRED IMPORTED_TARGET ${library})
endforeach()
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(mongoc REQUIRED IMPORTED_TARGET libmongoc-1.0)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)

# llhttp: Debian ships its generated C sources with Node.js, not as a library.
add_library(llhttp STATIC
  /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c)
target_include_directories(llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
