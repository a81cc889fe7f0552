import { describe, expect, test } from 'vitest';
import { WebVeraError } from '../../../src/core/errors/error';
import { defaultLimits, type ParserLimits } from '../../../src/core/types/source';
import { GgufFiles } from '../../../src/formats/gguf/gguf_files';
import { ggufBytes } from '../../helpers/bytes/gguf_bytes';
import { ggufFile } from '../../helpers/golden/golden_gguf';
import { MemorySource } from '../../helpers/session/memory_source';
import { openGguf } from './described_gguf';

/** Reads everything in a file, and returns the error. */
async function refusal(file: Uint8Array, limits?: ParserLimits): Promise<WebVeraError> {
  const gguf = openGguf(file, limits);
  const read = async (): Promise<void> => {
    await gguf.config();
    await gguf.tokenizer();
    for await (const { take } of gguf.tensors(() => true)) await take();
  };
  const error = await read().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebVeraError);
  return error as WebVeraError;
}

describe('a file', () => {
  const llama = ggufFile('llama');
  const replaced = (from: string, to: string): Uint8Array => {
    const file = Buffer.from(llama);
    file.write(to, file.indexOf(from), 'latin1');
    return new Uint8Array(file);
  };

  /** Returns a file that claims 2³¹ rows for a matrix. GGUF stores the number of rows as a matrix's second size. */
  function largerTensor(): Uint8Array {
    const file = Buffer.from(llama);
    const name = 'token_embd.weight';
    file.writeUInt32LE(2 ** 31, file.indexOf(name) + name.length + 4 + 8);
    return new Uint8Array(file);
  }

  test('comes in pieces of any size', async () => {
    for (const size of [1, 37, 1e6]) {
      const names: string[] = [];
      for await (const { name } of openGguf(llama, defaultLimits, size).tensors(() => true)) names.push(name);
      expect(names).toContain('model.norm.weight');
    }
  });

  test('without a tokenizer has none', async () => {
    expect(await openGguf(llama).tokenizer()).toBeUndefined();
  });

  test('cut anywhere is invalid_format', async () => {
    for (let length = 0; length < llama.length; length += 997) {
      expect((await refusal(llama.subarray(0, length))).code).toBe('invalid_format');
    }
  });

  test.each([
    ['another magic', replaced('GGUF', 'GGML')],
    ['another version', replaced('GGUF\x03', 'GGUF\x09')],
    ['a field twice', replaced('llama.context_length', 'general.architecture')],
    ['a tensor larger than it', largerTensor()],
    ['a tensor twice', replaced('blk.0.attn_k.weight', 'blk.0.attn_q.weight')],
  ])('with %s is invalid_format', async (_, file) => {
    expect((await refusal(file)).code).toBe('invalid_format');
  });

  test.each([
    [
      'of another architecture',
      replaced(
        'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0llama',
        'general.architecture\x08\0\0\0\x05\0\0\0\0\0\0\0bloom',
      ),
    ],
  ])('%s is unsupported_model', async (_, file) => {
    const { code, hint } = await refusal(file);
    expect(code).toBe('unsupported_model');
    expect(hint).not.toBe('');
  });

  test('with a bias that the network lacks is unsupported_model, and not computed without it', async () => {
    const read = async (select: (name: string) => boolean): Promise<string[]> => {
      const names: string[] = [];
      for await (const { name } of openGguf(ggufFile('gpt2')).tensors(({ name }) => select(name))) names.push(name);
      return names;
    };
    await expect(read((name) => name !== 'transformer.h.1.mlp.c_fc.bias')).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining('expected no blk.1.ffn_up.bias'),
      hint: expect.stringContaining('safetensors'),
    });
    expect(await read((name) => name.endsWith('.bias'))).not.toEqual([]);
  });

  test.each([
    ['a later tensor of an unsupported type', [{ name: 'output_norm.weight', shape: [32], type: 11 }], 'got type 11'],
    [
      'a later bias that the network lacks',
      [{ name: 'blk.0.attn_q.bias', shape: [32] }],
      'expected no blk.0.attn_q.bias',
    ],
  ])('with %s is refused before its tensors are downloaded', async (_, later, message) => {
    const file = ggufBytes({
      fields: { 'general.architecture': 'llama' },
      tensors: [
        { name: 'token_embd.weight', shape: [1024, 32] },
        ...later.map((tensor) => ({ ...tensor, offset: 4 * 1024 * 32 })),
      ],
      data: new Uint8Array(4 * 1025 * 32),
    });
    const source = new MemorySource({ 'model.gguf': file });
    const tensors = new GgufFiles(source, 'model.gguf').tensors(({ name }) => !name.endsWith('bias'));
    await expect(tensors.next()).rejects.toMatchObject({
      code: 'unsupported_model',
      message: expect.stringContaining(message),
    });
    expect(source.bytesRead).toBeLessThan(file.length / 20);
  });

  test('whose tokenizer is of another kind asks for a tokenizer.json', async () => {
    const file = Buffer.from(ggufFile('tokenizer-smollm'));
    file.write('viking', file.indexOf('smollm'));
    const { code, message, hint } = await refusal(new Uint8Array(file));
    expect(code).toBe('unsupported_model');
    expect(message).toContain('viking');
    expect(hint).toContain('tokenizer.json');
  });

  test('with more before its tensors than the limits is limit_exceeded', async () => {
    expect((await refusal(llama, { ...defaultLimits, tokenizer: 500 })).code).toBe('limit_exceeded');
    expect((await refusal(llama, { ...defaultLimits, tensors: 3 })).code).toBe('limit_exceeded');
  });
});
