/**
 * Reads the float32 tensors of a safetensors file, by name.
 * @param {URL} address
 * @returns {Promise<Map<string, { dims: number[], data: Float32Array<ArrayBuffer> }>>}
 */
export async function float32Of(address) {
  const bytes = await (await fetch(address)).arrayBuffer();
  const start = 8 + Number(new DataView(bytes).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.slice(8, start)));
  return new Map(
    Object.entries(header).flatMap(([name, { dtype, shape, data_offsets: [from, to] = [] }]) =>
      dtype === 'F32' ? [[name, { dims: shape, data: new Float32Array(bytes.slice(start + from, start + to)) }]] : [],
    ),
  );
}
