#!/usr/bin/env bash
# Runs scripts on a real kernel in QEMU. Usage: record.sh KERNEL_DIRECTORY SCRIPTS LOG
# KERNEL_DIRECTORY: what `dpkg -x linux-image-*.deb` unpacked, after `depmod -b`. MB: size of the device, default 512.
set -eu
kernel=$1 scripts=$2 log=$3 here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) root=$work/root
mkdir -p "$root"/{bin,sbin,mod,scripts,etc,lib,lib64}
gcc -O1 -static -o "$root/recorder" "$here/recorder.c"
cp "$(command -v busybox)" "$root/bin/busybox"
install -m 755 "$here/init" "$root/init"
cp "$scripts"/* "$root/scripts/"
cp /etc/mke2fs.conf "$root/etc/"
cp "$(command -v mke2fs)" "$root/sbin/"
for library in $(ldd "$(command -v mke2fs)" | grep -oE '/[^ ]+'); do
  mkdir -p "$root$(dirname "$library")"
  cp -n "$library" "$root$library"
done
version=$(ls "$kernel/lib/modules")
: > "$root/modules.list"
for module in crc32c_generic nd_pmem nd_e820 ext4; do
  for file in $(modprobe -n -q -S "$version" -d "$kernel" --show-depends "$module" | awk '/^insmod/ { print $2 }'); do
    grep -qx "$(basename "$file")" "$root/modules.list" && continue
    cp "$file" "$root/mod/"
    basename "$file" >> "$root/modules.list"
  done
done
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) > "$work/initrd.gz"
timeout 3000 qemu-system-x86_64 -machine pc -accel tcg -cpu max,la57=off,-smap -smp 1 -m 2G -nographic -no-reboot \
  -net none -kernel "$kernel/boot/vmlinuz-$version" -initrd "$work/initrd.gz" \
  -append "console=ttyS0 nokaslr memmap=${MB:-512}M!1G panic=-1 quiet" \
  -serial "file:$log.console" -serial "file:$log" -monitor none < /dev/null
rm -rf "$work"
