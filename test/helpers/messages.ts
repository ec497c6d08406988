/** What an error says, and what was behind it. */
export function messages(error: unknown): string {
  const all = (one: unknown): string[] => (one instanceof Error ? [one.message, ...all(one.cause)] : []);
  return error instanceof Error ? all(error).join(': ') : String(error);
}
