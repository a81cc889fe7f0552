// Zips files. Runs in Node and in a page.
import { Zip, ZipDeflate } from 'fflate';

/**
 * Zips files. Reads each file in pieces, so that a page stays responsive and memory never holds a whole file.
 * @param {ReadonlyMap<string, Blob>} files by their paths in the zip
 * @returns {Promise<Blob>}
 */
export async function zipFiles(files) {
  /** @type {Blob[]} */
  const parts = [];
  /** @type {Error | null} */
  let failure = null;
  const zip = new Zip((error, bytes) => {
    failure ??= error;
    if (!error) parts.push(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)]));
  });
  for (const [path, file] of files) {
    const entry = new ZipDeflate(path);
    zip.add(entry);
    const reader = file.stream().getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) entry.push(piece.value);
    entry.push(new Uint8Array(), true);
  }
  zip.end();
  if (failure !== null) throw failure;
  return new Blob(parts, { type: 'application/zip' });
}
