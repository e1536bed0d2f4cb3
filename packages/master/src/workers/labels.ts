/** Labels that an agent finds out itself. Any other is granted when the worker is accepted. */
const detectable = [
  /^(linux|macos|windows|freebsd|openbsd|netbsd)$/,
  /^(x64|arm64|arm|x86|ppc64le|ppc64|s390x|riscv64|loong64|mips64el)$/,
  /^(glibc|musl)$/,
  /^(debian|ubuntu|fedora|rhel|centos|rocky|almalinux|alpine|arch|gentoo|nixos|opensuse-leap|opensuse-tumbleweed|amzn|macos|windows|freebsd)-?[0-9.]*$/,
  /^containers$/,
];

/** What a worker may say of itself: the rest of its labels is dropped, or anyone could claim a GPU. */
export function detectedLabels(labels: readonly string[]): string[] {
  return [...new Set(labels)]
    .filter((label) => detectable.some((pattern) => pattern.test(label)))
    .toSorted();
}
