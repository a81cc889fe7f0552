import type { ByteStream, FileSource } from '../../../../src/core/input/file_source';
import { readWeights, WEIGHTS_FILE, WEIGHTS_INDEX } from '../../../../src/formats/models/weights';
import { type FuzzTarget, headed, partsOf } from '../../target';

/**
 * The input: model.safetensors.index.json, and the header and tensors of every shard that it names. If the index is empty, the
 * header and tensors are those of a single file.
 */
export const target: FuzzTarget = {
  name: 'weights',
  codes: ['invalid_format', 'limit_exceeded', 'not_found'],
  async run(bytes) {
    const [index, header, data] = partsOf(bytes, 3) as [Uint8Array<ArrayBuffer>, Uint8Array, Uint8Array];
    const shard = headed(header, data);
    let read = 0;
    for await (const { take } of readWeights(folderOf(index, shard))) {
      read += (await take()).bytes.length;
      if (read > 200 * bytes.length) throw new Error(`read ${read} bytes of tensors from ${bytes.length}`);
    }
  },
};

function folderOf(index: Uint8Array<ArrayBuffer>, shard: Uint8Array<ArrayBuffer>): FileSource {
  return {
    name: 'folder',
    location: 'folder',
    expect() {},
    async open(file) {
      if (index.length === 0) return file === WEIGHTS_FILE ? streamOf(shard, undefined) : undefined;
      if (file === WEIGHTS_FILE) return undefined;
      return file === WEIGHTS_INDEX ? streamOf(index, index.length) : streamOf(shard, shard.length);
    },
  };
}

/** Makes a stream that returns the bytes in two pieces. */
function streamOf(bytes: Uint8Array<ArrayBuffer>, size: number | undefined): ByteStream {
  const half = bytes.length >> 1;
  const pieces = [bytes.slice(0, half), bytes.slice(half)];
  return { size, read: async () => pieces.shift(), cancel: async () => {} };
}
