/** Files by path → messages by the folder they lie in. */
export function gather(files: Record<string, Record<string, unknown>>): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(files).map(([path, messages]) => [path.split('/').at(-2) ?? '', messages]),
  );
}
