/**
 * Converts an adapter's two files to arrays of numbers, which the page can send to the test.
 * @param {import('../../../../src/index').AdapterFiles} files
 */
export async function bytesOf(files) {
  const read = async (/** @type {Blob} */ file) => [...new Uint8Array(await file.arrayBuffer())];
  return {
    config: await read(files['adapter_config.json']),
    model: await read(files['adapter_model.safetensors']),
  };
}
