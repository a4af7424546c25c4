# Sourced: find_go prints a Go that is new enough. One that is too old (Debian 12's) fetches a newer
# one from the Go module proxy, as a module.
find_go() {
  local need=1.26 has folder
  has=$(GOTOOLCHAIN=local go env GOVERSION)
  if [ "$(printf '%s\n' "$need" "${has#go}" | sort -V | head -1)" = "$need" ]; then
    command -v go
    return
  fi
  folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/toolchain" && GOFLAGS= go mod download -json |
    sed -n 's/^.*"Dir": "\(.*\)".*/\1/p')
  chmod -R u+x "$folder"/bin "$folder"/pkg/tool # modules are unpacked without this right
  echo "$folder/bin/go"
}
