# shellcheck shell=sh
# Shared by the scripts: what the build needs, installed through apt where it is missing.
# Sourced, not run: `. "$(dirname "$0")/lib.sh"`.

# require PROGRAM_OR_HEADER PACKAGE ...: lists the packages whose program or pkg-config module is missing.
missing_packages() {
  missing=
  while [ $# -ge 2 ]; do
    case $1 in
      pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null || missing="$missing $2" ;;
      py:*) python3 -c "import ${1#py:}" 2>/dev/null || missing="$missing $2" ;;
      *) command -v "$1" >/dev/null 2>&1 || missing="$missing $2" ;;
    esac
    shift 2
  done
}

# install_missing: as root, or through sudo; says what it does, prints apt's output only when it fails.
install_missing() {
  [ -n "$missing" ] || return 0
  printf 'installing:%s\n' "$missing"
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || { printf 'llwhy: these packages are missing and only root can install them:%s\n' "$missing" >&2; exit 1; }
    as_root=sudo
  fi
  log=$(mktemp)
  # shellcheck disable=SC2086 # a list of words on purpose
  if ! { $as_root apt-get update -q && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    printf 'llwhy: apt could not install:%s\n' "$missing" >&2
    exit 1
  fi
  rm -f "$log"
}

# need_build: compiler, CMake and the libraries.
need_build() {
  missing_packages cc gcc make make cmake cmake pkg-config pkg-config
  install_missing
  missing_packages pc:lua5.4 liblua5.4-dev pc:yaml-0.1 libyaml-dev pc:jansson libjansson-dev pc:libpcre2-8 libpcre2-dev \
    pc:md4c libmd4c-dev pc:libcurl libcurl4-openssl-dev pc:libedit libedit-dev
  install_missing
}

# need_tests: what only the tests use.
need_tests() {
  missing_packages pc:cmocka libcmocka-dev python3 python3 git git parallel parallel
  install_missing
  missing_packages py:jsonschema python3-jsonschema
  install_missing
  # The page is looked at in a browser where npm can bring what drives it; without npm that test is skipped.
  if command -v npm >/dev/null 2>&1; then
    missing_packages chromium chromium
    install_missing
  fi
}

# need_fuzz: clang with libFuzzer.
need_fuzz() {
  missing_packages clang clang
  install_missing
  [ -n "$(find /usr/lib/llvm-*/lib/clang -name 'libclang_rt.fuzzer-*.a' 2>/dev/null | head -n 1)" ] || {
    missing=" libclang-rt-14-dev"
    install_missing
  }
}

# build LOG TARGET...: builds them in build/; shows the end of the log when that fails.
build() {
  log=$1
  shift
  { cmake -S . -B build -DCMAKE_BUILD_TYPE=RelWithDebInfo && cmake --build build -j"$(jobs)" --target "$@"; } >"$log" 2>&1 && return
  tail -n 40 "$log"
  exit 1
}

jobs() {
  nproc 2>/dev/null || echo 2
}
