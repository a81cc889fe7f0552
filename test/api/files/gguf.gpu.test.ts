import { afterAll, beforeAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, AutoTokenizer, type PreTrainedModel } from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { ggufFile } from '../../helpers/golden/golden_gguf';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

const load = (name: string, options: { dtype?: 'float32' } = {}): Promise<PreTrainedModel> => {
  const files = new Map([['model.gguf', new Blob([ggufFile(name)])]]);
  const { session } = opened;
  return AutoModelForCausalLM.from_pretrained({ files }, { session, gguf_file: 'model.gguf', ...options });
};

test.each(['llama3-tied', 'gemma', 'gpt2', 'falcon-new'])(
  '%s from a GGUF file computes the same as from safetensors',
  async (name) => {
    const { session } = opened;
    const models = [
      await load(name),
      await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${name}`), { session }),
    ];
    const [logits, expected] = await Promise.all(
      models.map(async (model) => (await model.forward({ input_ids: [[5, 17, 60, 3, 44]] })).logits),
    );
    expect(logits).toEqual(expected);
    for (const model of models) await model.dispose();
  },
);

test.each([
  // The most bytes, in percent of float32's. Some matrices of this llama aren't packed, because their rows don't divide into whole blocks.
  ['llama', 45],
  ['gpt2', 33],
])('packed numbers of %s stay packed, and are near the original ones', async (name, share) => {
  const before = opened.liveBytes();
  const packed = await load(`${name}-packed`);
  const packedBytes = opened.liveBytes() - before;
  const whole = await load(name);
  const wholeBytes = opened.liveBytes() - before - packedBytes;
  expect((100 * packedBytes) / wholeBytes).toBeLessThan(share);
  const widened = await load(`${name}-packed`, { dtype: 'float32' });
  const [of8, of32, exact] = await Promise.all(
    [packed, widened, whole].map(async (model) => (await model.forward({ input_ids: [[5, 17, 60]] })).logits.data),
  );
  const largest = Math.max(...(exact ?? []).map(Math.abs));
  const away = (to: Float32Array | undefined): number =>
    Math.max(...(of8 ?? []).map((logit, index) => Math.abs(logit - (to?.[index] ?? Number.NaN))));
  // The packed weights have eight bits, so logits differ from those of float32 weights. The widened model has the packed model's weights,
  // converted to float32.
  expect(away(exact)).toBeGreaterThan(0);
  expect(away(exact)).toBeLessThan(0.05 * largest);
  expect(away(of32)).toBeLessThan(1e-5 * largest);
  for (const model of [packed, whole, widened]) await model.dispose();
});

test('a tokenizer comes from a GGUF file alone', async () => {
  const files = new Map([['model.gguf', new Blob([ggufFile('tokenizer-smollm')])]]);
  const tokenizer = await AutoTokenizer.from_pretrained(
    { files },
    { session: opened.session, gguf_file: 'model.gguf' },
  );
  expect(await tokenizer.decode(await tokenizer.encode('Call me 1851'))).toBe('Call me 1851');
  expect(tokenizer.eos_token_id).toBe(2);
});

test('a missing file and one of another architecture leave nothing behind', async () => {
  const before = opened.liveBytes();
  const files = new Map([['model.gguf', new Blob([ggufFile('tokenizer-smollm')])]]);
  const { session } = opened;
  await expect(
    AutoModelForCausalLM.from_pretrained({ files }, { session, gguf_file: 'other.gguf' }),
  ).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(
    AutoModelForCausalLM.from_pretrained({ files }, { session, gguf_file: 'model.gguf' }),
  ).rejects.toMatchObject({
    code: 'invalid_format',
  });
  expect(opened.liveBytes()).toBe(before);
});
