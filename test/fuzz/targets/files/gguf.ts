import { defaultLimits } from '../../../../src/core/types/source';
import { GgufFiles } from '../../../../src/formats/gguf/gguf_files';
import { MemorySource } from '../../../helpers/session/memory_source';
import type { FuzzTarget } from '../../target';

/** The input: a GGUF file. Its tokenizer, configuration and tensors are read. */
export const target: FuzzTarget = {
  name: 'gguf',
  codes: ['invalid_format', 'limit_exceeded', 'unsupported_model'],
  async run(bytes) {
    const gguf = new GgufFiles(new MemorySource({ file: bytes }), 'file', { ...defaultLimits, tokenizer: 2 ** 20 });
    await gguf.tokenizer();
    await gguf.config();
    let read = 0;
    for await (const { take } of gguf.tensors(() => true)) {
      read += (await take()).bytes.length;
      if (read > 200 * bytes.length) throw new Error(`read ${read} bytes of tensors from ${bytes.length}`);
    }
  },
};
