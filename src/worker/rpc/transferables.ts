/** Collects the buffers of typed arrays in a call's result. They are transferred to the page instead of copied. */
export function transferables(result: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  collect(result, found);
  return [...found];
}

function collect(value: unknown, found: Set<ArrayBuffer>): void {
  if (typeof value !== 'object' || value === null || value instanceof Blob) return;
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (value instanceof Map || Array.isArray(value)) {
    // An array of numbers (token ids) contains no buffers.
    if (Array.isArray(value) && typeof value[0] === 'number') return;
    for (const entry of value.values()) collect(entry, found);
  } else {
    for (const entry of Object.values(value)) collect(entry, found);
  }
}
