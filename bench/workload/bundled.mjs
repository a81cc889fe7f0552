/**
 * Reads the files of the demo's bundled model.
 * @param {(file: string) => Promise<Blob | Uint8Array<ArrayBuffer>>} read
 * @returns {Promise<Map<string, Blob>>}
 */
export async function readBundled(read) {
  const names = ['config.json', 'model.safetensors'];
  const files = await Promise.all(
    names.map(async (name) => /** @type {const} */ ([name, new Blob([await read(name)])])),
  );
  return new Map(files);
}
