/** An entry of a zip archive as torch writes it: stored, aligned by padding, its sizes behind its bytes. */
function entry(name: string, content: Uint8Array): Uint8Array[] {
  const header = new Uint8Array(30);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x04034b50, true);
  view.setUint16(6, 0x0808, true);
  const bytes = new TextEncoder().encode(name);
  view.setUint16(26, bytes.length, true);
  const descriptor = new Uint8Array(16);
  const sizes = new DataView(descriptor.buffer);
  sizes.setUint32(0, 0x08074b50, true);
  sizes.setUint32(8, content.length, true);
  sizes.setUint32(12, content.length, true);
  return [header, bytes, content, descriptor];
}

/** A file of a state dict by its pickle (of a text, each character is a byte), and its storages by their keys. */
export function torchFile(
  pickle: string | Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  return Buffer.concat([
    ...entry('model/data.pkl', typeof pickle === 'string' ? Buffer.from(pickle, 'latin1') : pickle),
    ...entry('model/byteorder', new TextEncoder().encode('little')),
    ...Object.entries(storages).flatMap(([key, bytes]) => entry(`model/data/${key}`, bytes)),
    Uint8Array.of(0x50, 0x4b, 1, 2),
  ]);
}
