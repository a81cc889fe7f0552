import { afterAll, expect, onTestFinished, test } from 'vitest';
import {
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  DPOTrainer,
  type Example,
  estimate,
  get_peft_model,
  KTOTrainer,
  type ModelDtype,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  type VeraConfigInit,
} from '../../src/index';
import { goldenBase } from '../helpers/golden/golden';
import { taskOfBase } from '../helpers/golden/golden_batches';
import { baseWithTexts, loadTexts } from '../helpers/golden/golden_preferences';
import { folderFiles, goldenFolder } from '../helpers/golden/golden_sentences';
import { AUTO_CLASSES, openTestSession, type TestSession } from '../helpers/session/session';

/** The longest context of the models, in tokens. */
const T = 40;
const ids = (seed: number): number[] => Array.from({ length: T }, (_, index) => 3 + ((7 * index + seed) % 80));
const image = (seed: number): Example => ({
  pixel_values: { dims: [3, 16, 16], data: Float32Array.from({ length: 768 }, (_, index) => ((index + seed) % 9) / 9) },
  label: seed % 2,
});

function examples(base: string): Example[] {
  return Array.from({ length: 8 }, (_, seed): Example => {
    if (taskOfBase(base) === 'image_classification') return image(seed);
    return taskOfBase(base) === 'causal_lm' ? { input_ids: ids(seed) } : { input_ids: ids(seed), label: seed % 2 };
  });
}

interface Planned {
  readonly base: string;
  readonly peft_config: VeraConfigInit;
  readonly args?: TrainingArguments;
  readonly dtype?: ModelDtype;
}

const qv = { r: 8, target_modules: ['q_proj', 'v_proj'] };
const all = { r: 8, target_modules: 'all-linear' };
const checkpointing = { gradient_checkpointing: true };

/** Returns the estimated GPU memory of a run, the bytes of the weights, and the bytes that the run holds at its second step. */
async function held({ session }: TestSession, { base, peft_config, args, dtype }: Planned) {
  const options = { session, ...(dtype && { dtype }) };
  const { gpu } = await estimate(goldenBase(base), { ...options, peft_config, ...(args && { args }) });
  const model = await AUTO_CLASSES[taskOfBase(base)].from_pretrained(goldenBase(base), options);
  const weights = (await model.memory()).gpu_bytes;
  const vera = await get_peft_model(model, new VeraConfig(peft_config));
  const run = new Trainer({ model: vera, args: { ...args, max_steps: 2 }, train_dataset: examples(base) }).train();
  let bytes = 0;
  for await (const event of run) if (event.type === 'log') bytes = (await vera.memory()).gpu_bytes;
  await vera.dispose();
  await model.dispose();
  return { gpu, weights, bytes };
}

function expectClose({ gpu, weights, bytes }: Awaited<ReturnType<typeof held>>): void {
  expect(gpu.weights).toBe(weights);
  expect(gpu.total / bytes).toBeGreaterThan(0.97);
  expect(gpu.total / bytes).toBeLessThan(1.03);
}

// The models share a session, so that kernels compile once.
const opened = await openTestSession();
afterAll(() => opened.session.close());

test.each<Planned>([
  { base: 'base/llama', peft_config: qv },
  { base: 'base/llama', peft_config: all, args: checkpointing },
  { base: 'base/llama', peft_config: { ...all, vera_dropout: 0.1 }, dtype: 'float16' },
  { base: 'base/llama', peft_config: qv, dtype: 'q8' },
  { base: 'base/qwen2', peft_config: { ...all, bias: 'all' }, args: { gradient_accumulation_steps: 2 } },
  { base: 'base/qwen2-f16-shards', peft_config: qv, args: checkpointing },
  { base: 'base/lfm2', peft_config: all, dtype: 'q8', args: checkpointing },
  { base: 'base/gpt2', peft_config: all, dtype: 'float16', args: { per_device_train_batch_size: 2 } },
  { base: 'base/bert', peft_config: { r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' } },
  { base: 'base/llama-seqcls', peft_config: { ...qv, task_type: 'SEQ_CLS' }, args: checkpointing },
  { base: 'base/vit', peft_config: { ...qv, modules_to_save: ['classifier'] } },
  { base: 'base/dinov2', peft_config: { ...qv, modules_to_save: ['classifier'] } },
  { base: 'base/siglip', peft_config: { ...qv, modules_to_save: ['classifier'] } },
])('a run takes the estimated memory: $base $dtype $args $peft_config', async (planned) => {
  expectClose(await held(opened, planned));
  expect(opened.storageBytes()).toBe(0);
});

test.each(['BERT, mean, normalised', 'BERT, a layer after cls, as in LaBSE'])(
  'so does a classifier over the vectors of a folder of sentence-transformers: %s',
  async (situation) => {
    const { session } = opened;
    const golden = goldenFolder(situation);
    const config = JSON.parse(await goldenBase(`base/${golden.base}`).files.get('config.json')!.text());
    const files = { ...golden.files, 'config.json': { ...config, architectures: ['BertModel'] } };
    const source = () => folderFiles({ ...golden, files });
    const peft_config = { r: 8, target_modules: ['query', 'value'], task_type: 'SEQ_CLS' as const };
    const labels = { session, id2label: { 0: 'sea', 1: 'land', 2: 'sky' }, ignore_mismatched_sizes: true };
    const { gpu, download } = await estimate(source(), { ...labels, peft_config });
    const without = await estimate(source(), { ...labels, peft_config, pooling: 'first' });
    const layers = Object.keys(golden.weights ?? {}).reduce((sum, name) => sum + source().files.get(name)!.size, 0);
    expect(download.total - without.download.total).toBe(layers);
    const model = await AutoModelForSequenceClassification.from_pretrained(source(), labels);
    expect(gpu.weights).toBe((await model.memory()).gpu_bytes);
    await model.dispose();
  },
);

test.each<TrainingArguments>([{}, { gradient_checkpointing: true, per_device_train_batch_size: 2 }])(
  'so does a run of three adapters at once %o',
  async (args) => {
    const { session } = opened;
    const { gpu, step } = await estimate(goldenBase('base/llama'), { session, peft_config: all, args, adapters: 3 });
    const one = await estimate(goldenBase('base/llama'), { session, peft_config: all, args });
    expect(step.flops / one.step.flops).toBeGreaterThan(2);
    const model = await AutoModelForCausalLM.from_pretrained(goldenBase('base/llama'), { session });
    const weights = (await model.memory()).gpu_bytes;
    const vera = await get_peft_model(model, new VeraConfig(all), 'a');
    for (const name of ['b', 'c']) await vera.add_adapter(name, new VeraConfig(all));
    const adapters = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, examples('base/llama')]));
    const run = new Trainer({ model: vera, args: { ...args, max_steps: 2 }, adapters }).train();
    let bytes = 0;
    for await (const event of run) if (event.type === 'log') bytes = (await vera.memory()).gpu_bytes;
    await vera.dispose();
    await model.dispose();
    expectClose({ gpu, weights, bytes });
  },
);

test('preferences are learnt by one adapter at a time', async () => {
  const plan = { session: opened.session, peft_config: all, trainer: 'DPOTrainer', adapters: 2 } as const;
  await expect(estimate(baseWithTexts('llama'), plan)).rejects.toMatchObject({ code: 'invalid_argument' });
});

test.each([
  { trainer: 'DPOTrainer', args: {} },
  { trainer: 'DPOTrainer', args: { gradient_checkpointing: true, per_device_train_batch_size: 2 } },
  { trainer: 'KTOTrainer', args: { gradient_accumulation_steps: 2 } },
] as const)('so does a run of $trainer $args', async ({ trainer, args }) => {
  const { session } = opened;
  const plan = { session, peft_config: all, args, trainer };
  const { gpu, step } = await estimate(baseWithTexts('llama'), plan);
  const base = await loadTexts(opened);
  const weights = (await base.memory()).gpu_bytes;
  const model = await get_peft_model(base, new VeraConfig(all));
  // Each text fills the longest context.
  const [prompt, text] = ['The sea', ' was calm and it was calm'.repeat(T)];
  const pairs = Array.from({ length: 8 }, () => ({ prompt, chosen: text, rejected: text }));
  const ratings = pairs.map(({ chosen: completion }, index) => ({ prompt, completion, label: index % 2 === 0 }));
  const training = { ...args, max_steps: 2, save_strategy: 'no' } as const;
  const run =
    trainer === 'DPOTrainer'
      ? new DPOTrainer({ model, args: training, train_dataset: pairs }).train()
      : new KTOTrainer({ model, args: training, train_dataset: ratings }).train();
  let bytes = 0;
  for await (const event of run) if (event.type === 'log') bytes = (await model.memory()).gpu_bytes;
  expectClose({ gpu, weights, bytes });
  // The row of a pair has two texts, and the head runs twice. Costs that a layer has once per step stay the same.
  const { args: same, peft_config } = plan;
  const alone = await estimate(baseWithTexts('llama'), { session, peft_config, args: same });
  expect(step.flops / alone.step.flops).toBeGreaterThan(1.7);
  expect(step.flops / alone.step.flops).toBeLessThan(2.4);
  expect(gpu.activations / alone.gpu.activations).toBeGreaterThan(1.9);
  await model.dispose();
  await base.dispose();
});

test('so does a run whose matrices have shards, on a GPU with small bindings', async () => {
  const small = await openTestSession({}, { bindingBytes: 10_000 });
  onTestFinished(() => small.session.close());
  const planned = { base: 'base/llama', peft_config: qv, args: { per_device_train_batch_size: 1, max_length: 16 } };
  const found = await held(small, planned);
  expect(found.gpu.largest_buffer).toBeLessThanOrEqual(10_000);
  expectClose(found);
});

test('a run frees the cache of keys and values of the last generation, which was not estimated', async () => {
  const base = 'base/llama';
  const { session } = opened;
  const { gpu } = await estimate(goldenBase(base), { session, peft_config: qv });
  const model = await AutoModelForCausalLM.from_pretrained(goldenBase(base), { session });
  const vera = await get_peft_model(model, new VeraConfig(qv));
  const write = () => vera.generate_batch(Array(64).fill([3, 5, 7]), { max_new_tokens: T - 3, eos_token_id: null });
  await write();
  const generated = (await model.memory()).gpu_bytes;
  const run = new Trainer({ model: vera, args: { max_steps: 2 }, train_dataset: examples(base) }).train();
  let bytes = 0;
  for await (const event of run) if (event.type === 'log') bytes = (await vera.memory()).gpu_bytes;
  // The buffers in which tokens were read stay.
  expect(bytes - gpu.total).toBeLessThan((generated - gpu.weights) / 20);
  expect(await write()).toHaveLength(64);
  await vera.dispose();
  await model.dispose();
});

test('the time of a step is reported if requested', async () => {
  const { session } = opened;
  const plan = { session, peft_config: qv };
  const [without, measured] = [
    await estimate(goldenBase('base/llama'), plan),
    await estimate(goldenBase('base/llama'), { ...plan, measure: true }),
  ];
  expect(without.step.seconds).toBeUndefined();
  expect(measured.step.flops).toBe(without.step.flops);
  expect(measured.step.seconds).toBeGreaterThan(0);
  expect(opened.storageBytes()).toBe(0);
});
