// Can the host run the program that was brought? What the loader says is put into words that name what is missing. Pure.

export interface Attempt {
  code: number;
  /** Both streams. */
  output: string;
}

/** undefined: it can. */
export function hostProblem(program: string, { code, output }: Attempt): string | undefined {
  if (code === 0) return undefined;
  const said = output.trim().split('\n').at(-1) ?? '';
  const unknown = `${program} --version ended with ${code} on the host: ${said || 'it said nothing'}`;
  // It did not even get there.
  if (/^nsenter: (?!failed to execute)/m.test(output)) return unknown;
  const library = /error while loading shared libraries: ([^:\s]+)/.exec(output)?.[1];
  if (library !== undefined) return `the host lacks ${library}: install it (libc6 and libstdc++6 are needed)`;
  const symbol = /version [`']([A-Z]+_[\d.]+)' not found/.exec(output)?.[1];
  if (symbol !== undefined) return `the C library of the host is too old: it lacks ${symbol}`;
  if (/exec format error/i.test(output))
    return `${program} is for another architecture than that of the host`;
  if (/permission denied/i.test(output)) {
    return `${program} may not be run on the host: is its file system mounted noexec, or does SELinux forbid it?`;
  }
  if (/no such file or directory/i.test(output)) {
    return `the host has no dynamic loader for ${program}: it needs glibc and libstdc++ (musl is not enough)`;
  }
  return unknown;
}
