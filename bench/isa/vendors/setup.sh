#!/bin/bash
# Gets what `npm run bench -- --only isa` needs to compile for GPUs of Intel, NVIDIA, Apple, Qualcomm, ARM and AMD without any of them:
# Mesa's drivers of Debian's backports, unpacked and not installed, the libraries that let them believe in a GPU, and a folder of
# Debian for arm64, in which ARM's driver runs. They are put into the cache's folder isa-drivers, or another that is given. Does nothing
# for what is there. For Debian 13 on amd64, as root. Downloads about 130 MB, of which 47 MB are Mesa's source: Debian doesn't package the
# library for Intel's driver.
set -euo pipefail
mkdir -p "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/webvera/isa-drivers}"
cd "${1:-${XDG_CACHE_HOME:-$HOME/.cache}/webvera/isa-drivers}"
folder=$PWD
say() { echo "setup.sh: $*"; }
quiet() { nice -n 19 "$@" >>"$folder/setup.log" 2>&1 || { echo "setup.sh: $* failed; see $folder/setup.log" >&2; exit 1; }; }

# 1. Tools of this machine.
missing=()
need() { [ -e "$1" ] || missing+=("${@:2}"); }
need /usr/bin/gcc gcc; need /usr/include/vulkan/vulkan.h libvulkan-dev; need /usr/bin/spirv-as spirv-tools
need /usr/bin/qemu-aarch64 qemu-user; need /usr/bin/aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
need /usr/bin/meson meson; need /usr/bin/ninja ninja-build; need /usr/bin/g++ g++
need /usr/include/libdrm/drm.h libdrm-dev; need /usr/include/expat.h libexpat1-dev; need /usr/include/zlib.h zlib1g-dev
need /usr/bin/flex flex; need /usr/bin/bison bison; need /usr/bin/pkg-config pkgconf
/usr/bin/python3 -c 'import mako, yaml, packaging, ply' 2>/dev/null || missing+=(python3-mako python3-yaml python3-packaging python3-ply)
# Libraries to which Mesa's drivers link.
known=$(ldconfig -p)
grep -q libxcb-dri3.so.0 <<<"$known" || missing+=(libxcb-dri3-0 libxcb-present0 libxcb-randr0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxshmfence1 libx11-xcb1 libwayland-client0)
grep -q libLLVM.so.19.1 <<<"$known" || missing+=(libllvm19)
if [ ${#missing[@]} -gt 0 ]; then
  say "installs ${missing[*]}"
  quiet apt-get update -q
  quiet env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

# 2. An apt of its own, for backports, both architectures and sources, so that the machine's stays as it is.
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\?\(http[^ ]*\) .*/\2/p' /etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null | grep -m1 '/debian/\?$' || true)
[ -n "$mirror" ] || { echo "no mirror of Debian in apt's sources" >&2; exit 1; }
key=/usr/share/keyrings/debian-archive-keyring.pgp; [ -e "$key" ] || key=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p apt/lists/partial apt/cache/archives/partial debs/amd64 debs/arm64; touch apt/status
cat >apt/sources.list <<S
deb [arch=arm64,amd64 signed-by=$key] $mirror trixie main
deb [arch=arm64,amd64 signed-by=$key] $mirror trixie-backports main
deb-src [signed-by=$key] $mirror trixie main
S
cat >apt/apt.conf <<S
Dir::Etc::sourcelist "$folder/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$folder/apt/lists";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt/cache";
APT::Architecture "arm64";
APT::Architectures { "arm64"; "amd64"; };
APT::Sandbox::User "root";
S
own() { APT_CONFIG=$folder/apt/apt.conf "$@"; }

# 3. Drivers and shims.
fetch() { # ARCHITECTURE PACKAGE…: unpacked into root-ARCHITECTURE
  local arch=$1; shift
  [ -e "root-$arch/.done" ] && return
  say "fetches Mesa for $arch"
  (cd "debs/$arch" && own quiet apt-get download "$@")
  mkdir -p "root-$arch"
  for deb in "debs/$arch"/*.deb; do dpkg-deb -x "$deb" "root-$arch"; done
  touch "root-$arch/.done"
}
at() { printf '%s:%s/trixie-backports ' "$1" "$2"; }
if [ ! -e root-amd64/.done ] || [ ! -e root-arm64/.done ] || [ ! -e libintel_noop_drm_shim.so ]; then own quiet apt-get update -q; fi
fetch amd64 $(at mesa-vulkan-drivers amd64) $(at mesa-drm-shim amd64) libdisplay-info2:amd64
libs="libvulkan1 libc6 libdisplay-info2 libdrm2 libexpat1 libgcc-s1 libstdc++6 libwayland-client0 libx11-xcb1 libxcb-dri3-0 libxcb-present0
  libxcb-randr0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb1 libxshmfence1 libzstd1 zlib1g libx11-6 libxau6 libxdmcp6 libffi8"
fetch arm64 $(at mesa-vulkan-drivers arm64) $(at mesa-drm-shim arm64) $(printf '%s:arm64 ' $libs)
[ -e root-arm64/lib ] || ln -s usr/lib root-arm64/lib
x86=$folder/root-amd64/usr/lib/x86_64-linux-gnu
for one in intel nouveau asahi freedreno radeon; do
  printf '{"ICD":{"api_version":"1.3.0","library_path":"%s/libvulkan_%s.so"},"file_format_version":"1.0.1"}\n' "$x86" $one >$one.json
done
printf '{"ICD":{"api_version":"1.3.0","library_path":"/usr/lib/aarch64-linux-gnu/libvulkan_panfrost.so"},"file_format_version":"1.0.1"}\n' >panfrost.json

# 4. Intel's library, from Debian's source of Mesa 25.0. It only answers calls to the kernel, so its version need not be the driver's.
if [ ! -e libintel_noop_drm_shim.so ]; then
  if [ ! -e src/.done ]; then
    say "fetches Mesa's source"
    mkdir -p src; (cd src && own quiet apt-get source -q --download-only --tar-only mesa/trixie && tar xf mesa_*.orig.tar.xz)
    touch src/.done
  fi
  say "builds Intel's shim"
  off=(); for option in llvm gbm egl glx gles1 gles2 glvnd valgrind libunwind lmsensors zstd xmlconfig; do off+=("-D$option=disabled"); done
  export PATH=/usr/bin:/bin:$PATH # Debian's Python has Mako
  [ -e build/build.ninja ] || (cd src/mesa-*/ && quiet meson setup "$folder/build" -Dbuildtype=release -Dtools=drm-shim,intel -Dvulkan-drivers= -Dgallium-drivers= -Dplatforms= -Dopengl=false -Dvideo-codecs= -Dintel-elk=false "${off[@]}")
  quiet ninja -C build src/intel/tools/libintel_noop_drm_shim.so
  cp build/src/intel/tools/libintel_noop_drm_shim.so .
  rm -rf build src
fi

rm -rf debs apt
say "ready in $folder"
