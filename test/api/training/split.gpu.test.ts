import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  type Tensor,
  Trainer,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { idsOf } from '../../helpers/generated_ids';
import { largestDifference } from '../../helpers/golden/golden';
import { randomArray } from '../../helpers/maths/random';
import { randomAdapter } from '../../helpers/models/random_adapter';
import { tinyConfig, tinyFiles, tinyTensors } from '../../helpers/models/tiny_llama';
import { bytesOf, openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';

/*
 * Everything runs in two sessions: one whose GPU can bind every tensor, and one where embedding and head, of 153,600
 * bytes, are too large to bind, so that they lie in three shards.
 */

const LIMIT = 90_000;
const sizes = { vocab_size: 300, hidden_size: 128, intermediate_size: 96, max_position_embeddings: 64 };
const vera = new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'] });
const tokens = (length: number, seed: number): number[] =>
  Array.from(randomArray(length, seed), (value) => Math.floor((value + 1) * 150));
const rows = [1, 2, 3, 4].map((seed) => ({ input_ids: tokens(30, seed) }));

/** Returns a hash of the bytes, because comparing so many values one by one takes seconds. */
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const digests = (state: ReadonlyMap<string, Tensor>) =>
  new Map(
    [...state].map(([name, { dims, data }]) => [name, { dims, digest: digest(new Uint8Array(data.slice().buffer)) }]),
  );

let whole: TestSession;
let split: TestSession;
beforeAll(async () => {
  whole = await openTestSession();
  split = await openTestSession({}, { bindingBytes: LIMIT });
});
afterAll(async () => {
  await whole.session.close();
  await split.session.close();
});
const loaded: PreTrainedModel[] = [];
afterEach(async () => {
  for (const base of loaded.splice(0)) await base.dispose();
  expect([whole.liveBytes(), split.liveBytes()]).toEqual([0, 0]);
});

describe.each([
  { tie_word_embeddings: true, names: ['model.embed_tokens.weight'] },
  { tie_word_embeddings: false, names: ['model.embed_tokens.weight', 'lm_head.weight'] },
])('tied: $tie_word_embeddings', ({ tie_word_embeddings, names }) => {
  async function load({ session }: TestSession): Promise<PreTrainedModel> {
    const config = { ...tinyConfig, ...sizes, tie_word_embeddings };
    const files = tinyFiles({ config, weights: writeSafetensors(tinyTensors(config)) });
    const base = await AutoModelForCausalLM.from_pretrained(files, { session });
    loaded.push(base);
    return base;
  }

  /** Runs `body` in both sessions, and returns both results. */
  async function both<T>(body: (base: PreTrainedModel) => Promise<T>): Promise<{ expected: T; actual: T }> {
    return { expected: await body(await load(whole)), actual: await body(await load(split)) };
  }

  let adapter: AdapterFiles;
  beforeAll(async () => {
    adapter = await randomAdapter(await load(whole), vera, 1);
    for (const base of loaded.splice(0)) await base.dispose();
  });

  test('three shards for each tensor, which take no byte more', async () => {
    const { expected, actual } = await both(async (base) => (await base.memory()).gpu_bytes);
    expect(actual).toBe(expected);
    const labels = [...(await split.contents()).keys()].filter((label) => names.some((name) => label.startsWith(name)));
    expect(labels.toSorted()).toEqual(
      names
        .flatMap((name) => ['0 to 127', '128 to 255', '256 to 299'].map((part) => `${name}, rows ${part}`))
        .toSorted(),
    );
  });

  test('logits and losses are the same to the bit', async () => {
    const { expected, actual } = await both(async (base) => {
      const model = await VeraModel.from_pretrained(base, adapter);
      return model.forward({ input_ids: [tokens(40, 9)], labels: [tokens(40, 9)] });
    });
    expect(actual).toEqual(expected);
  });

  test('greedy and sampled texts are the same, of one prompt and of two', async () => {
    const { expected, actual } = await both(async (base) => {
      const model = await VeraModel.from_pretrained(base, adapter);
      const config = { max_new_tokens: 12, eos_token_id: null };
      const sampled = { ...config, do_sample: true, seed: 3, top_k: 20 };
      const prompts = [tokens(6, 4), tokens(1, 5)];
      const alone = await idsOf(model.generate(tokens(5, 3), config));
      return [...alone, ...(await idsOf(model.generate_batch(prompts, sampled)))];
    });
    expect(expected).toHaveLength(3 * 12);
    expect(actual).toEqual(expected);
  });

  test.each([
    ['its layers', vera],
    // An adapter can also wrap a split head, if its projections fit into a binding.
    ['its layers and the head', new VeraConfig({ r: 8, target_modules: ['q_proj', 'lm_head'] })],
  ])('trains %s', async (_, config) => {
    const { expected, actual } = await both(async (base) => {
      const model = await get_peft_model(base, config);
      const losses: number[] = [];
      const args = { max_steps: 6, per_device_train_batch_size: 1, learning_rate: 0.02 };
      for await (const event of new Trainer({ model, args, train_dataset: rows }).train()) {
        if (event.type === 'log') losses.push(event.logs.loss);
      }
      return { losses, vectors: await vectorsOf(await model.save_pretrained()) };
    });
    expect(actual.losses).toHaveLength(6);
    // Gradients are summed by shards, so they differ by rounding, and training amplifies the difference.
    expect(largestDifference(actual.losses, expected.losses)).toBeLessThanOrEqual(1e-5);
    for (const [name, vector] of expected.vectors) {
      expect(largestDifference(actual.vectors.get(name)!, vector), name).toBeLessThanOrEqual(2e-5);
    }
  });

  test('the whole tensors under their names: state_dict, and the merged model', async () => {
    const { expected, actual } = await both(async (base) => {
      const model = await VeraModel.from_pretrained(base, adapter);
      const before = digests(await model.state_dict());
      const merged = await model.merge_and_unload();
      loaded.push(merged);
      const files = await merged.export_model();
      const exported = await bytesOf(files.get('model.safetensors')!);
      return { before, after: digests(await merged.state_dict()), exported: digest(exported) };
    });
    expect(actual).toEqual(expected);
    for (const name of names) expect(actual.before.get(name)).toMatchObject({ dims: [300, 128] });
  });

  test("tensors that can't have shards are refused without any change", async () => {
    const base = await load(split);
    const refused = { code: 'limit_exceeded', message: expect.stringContaining('this GPU binds') };
    const before = split.storageBytes();
    const trained = new VeraConfig({ r: 8, target_modules: ['q_proj'], modules_to_save: ['embed_tokens'] });
    await expect(get_peft_model(base, trained)).rejects.toMatchObject(refused);
    expect(split.storageBytes()).toBe(before);
    const onHead = await get_peft_model(base, new VeraConfig({ r: 8, target_modules: ['lm_head'] }));
    const { logits } = await onHead.forward({ input_ids: [tokens(9, 1)] });
    await expect(onHead.merge_adapter()).rejects.toMatchObject(refused);
    expect((await onHead.forward({ input_ids: [tokens(9, 1)] })).logits).toEqual(logits);
  });
});
