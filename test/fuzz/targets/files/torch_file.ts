import { readWeights } from '../../../../src/formats/models/weights';
import { oldTorchFile, torchFile } from '../../../helpers/bytes/torch_bytes';
import { MemorySource } from '../../../helpers/session/memory_source';
import { type FuzzTarget, partsOf } from '../../target';

/** The input: read as a pytorch_model.bin, and as the pickle and two storages from which one is built, in the layouts since and before 1.6. */
export const target: FuzzTarget = {
  name: 'torch_file',
  codes: ['invalid_format', 'limit_exceeded'],
  async run(bytes) {
    const [pickle, first, second] = partsOf(bytes, 3) as [Uint8Array, Uint8Array, Uint8Array];
    const made = [torchFile, oldTorchFile].map((make) => make(pickle, { 0: first, 1: second }));
    for (const file of [bytes, ...made]) {
      let read = 0;
      for await (const { take } of readWeights(new MemorySource({ 'pytorch_model.bin': file }))) {
        read += (await take()).bytes.length;
        if (read > 200 * file.length) throw new Error(`read ${read} bytes of tensors from ${file.length}`);
      }
    }
  },
};
