import '../helpers/gpu';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { permutation } from '../../src/core/rng';
import dataPy from '../../src/formats/run_folder/data.py?raw';
import { readSafetensors } from '../../src/formats/safetensors';
import { writeTensors } from '../../src/formats/tensors';
import { toFloat32 } from '../../src/formats/values';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  type Example,
  export_run,
  get_peft_model,
  type PreTrainedModel,
  type StepLogs,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../src/index';
import { writeFolder } from '../helpers/exported_run';
import { goldenBase, largestDifference } from '../helpers/golden';
import { randomArray } from '../helpers/random';
import { openTestSession, vectorsOf } from '../helpers/session';
import { droppedFiles } from './folders';
import { describeWithPeft } from './peft';
import { type Outcome, runPython } from './python';

const scratch = mkdtempSync(join(tmpdir(), 'webvera-export-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Case {
  readonly base: string;
  readonly config: VeraConfigInit;
  readonly args?: TrainingArguments;
  /** The base model's folder, where it isn't as the golden one. */
  readonly model?: string;
  /** Instead of `rows`. */
  readonly data?: readonly Example[];
}

/** Eleven rows of 4, in steps of 4: three steps an epoch, of which the last has three rows. */
const rows = Array.from({ length: 11 }, (_, index) => ({
  input_ids: Array.from(randomArray(5 + 3 * index, index), (value) => 3 + Math.floor((value + 1) * 46)),
}));

/** A row with padding at some places. What comes after it is learned, as it says nothing of labels. */
const padded = ({ input_ids }: { readonly input_ids: readonly number[] }, places: readonly number[]): Example => ({
  input_ids,
  attention_mask: input_ids.map((_, at) => (places.includes(at) ? 0 : 1)),
});

/** Warm-up and decay, accumulation, clipping, weight decay, and epochs that end between. */
const args: TrainingArguments = {
  max_steps: 10,
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 2,
  learning_rate: 0.03,
  warmup_steps: 5,
  weight_decay: 0.05,
  max_grad_norm: 0.3,
  save_strategy: 'no',
  seed: 7,
};

const cases: Readonly<Record<string, Case>> = {
  llama: { base: 'llama', config: { r: 8, target_modules: ['q_proj', 'v_proj', 'down_proj'] } },
  'llama, packed': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    args: { packing: true, max_length: 24 },
  },
  gpt2: {
    base: 'gpt2',
    config: { r: 8, target_modules: ['c_attn', 'mlp.c_proj'], fan_in_fan_out: true, modules_to_save: ['lm_head'] },
    args: { lr_scheduler_type: 'cosine' },
  },
  opt: { base: 'opt', config: { r: 8, target_modules: ['q_proj', 'fc1'], bias: 'all' } },
  'opt, with padding before, between and after': {
    base: 'opt',
    config: { r: 8, target_modules: ['q_proj', 'fc1'] },
    data: rows.map((row, index) => padded(row, [0, 1, 2, 5 + 3 * index - 1].slice(index % 2))),
  },
  'llama, with whole numbers among its weights': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    model: withNorm('llama', () => 1),
  },
  'llama, in epochs, the last of whose steps is a row': {
    base: 'llama',
    config: { r: 8, target_modules: ['q_proj', 'v_proj'] },
    args: { max_steps: -1, num_train_epochs: 3.4, warmup_steps: 0, warmup_ratio: 0.25, seed: 2 ** 40 + 3 },
    data: rows.slice(0, 9),
  },
};

/** A session for all tests of this file. */
const opened = await openTestSession();

/**
 * Sums in another order, in float32: losses near 5 differ by a few of their ulps of 5e-7, norms likewise, and what trains by
 * the share of a learning rate of 0.03 that such a difference is of a gradient. A step of the schedule would make 3e-3.
 */
const TOLERANCE = { loss: 1e-5, grad_norm: 1e-4, learning_rate: 1e-12, trained: 1e-5 };
/** Its gradient is nothing but rounding, as a softmax has the same results without it, and Adam makes steps of that. */
const isNoise = (name: string) => name.endsWith('.k_proj.bias');

type Logs = Pick<StepLogs, 'step' | 'loss' | 'grad_norm' | 'learning_rate'>;
interface Run {
  readonly logs: readonly Logs[];
  readonly adapter: AdapterFiles;
}

async function load({ base, model: folder, config }: Case): Promise<{ model: PreTrainedModel; vera: VeraModel }> {
  const source = folder === undefined ? goldenBase(`base/${base}`) : droppedFiles(folder);
  const model = await AutoModelForCausalLM.from_pretrained(source, { session: opened.session });
  return { model, vera: await get_peft_model(model, new VeraConfig({ task_type: 'CAUSAL_LM', ...config })) };
}

const trainerOf = (model: VeraModel, one: Case) =>
  new Trainer({ model, args: { ...args, ...one.args }, train_dataset: one.data ?? rows });

/** The whole run here. */
async function trainHere(one: Case): Promise<Run> {
  const { model, vera } = await load(one);
  const run = trainerOf(vera, one).train();
  await run;
  const adapter = await vera.save_pretrained();
  await model.dispose();
  return { logs: run.state.log_history, adapter };
}

/** A run that is exported where it stands after some steps, and then given up. */
async function exportAt(one: Case, step: number): Promise<{ folder: string; done: number }> {
  const { model, vera } = await load(one);
  const trainer = trainerOf(vera, one);
  const run = trainer.train();
  if (step > 0) for await (const event of run) if (event.type === 'log' && event.logs.step >= step) break;
  await run.pause();
  const folder = await writeNew(await export_run({ model: vera, trainer }));
  const done = run.state.global_step;
  await run.stop();
  await model.dispose();
  return { folder, done };
}

async function writeNew(files: ReadonlyMap<string, Blob>): Promise<string> {
  const folder = mkdtempSync(join(scratch, 'run-'));
  await writeFolder(folder, files);
  return folder;
}

function modelFolder(base: string): string {
  return fileURLToPath(new URL(`../golden/base/${base}`, import.meta.url));
}

/** The same with dropout in its configuration, which a frozen base runs without here. */
function withDropout(model: string): string {
  const folder = mkdtempSync(join(scratch, 'base-'));
  cpSync(model, folder, { recursive: true });
  const file = join(folder, 'config.json');
  const config = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
  const dropping = config.map(([key, value]) => [key, /(dropout|pdrop|layerdrop)$/.test(key) ? 0.1 : value]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(dropping)));
  return folder;
}

/** The same, but for the weights of its last norm. */
function withNorm(base: string, change: (weight: number) => number): string {
  const folder = mkdtempSync(join(scratch, 'base-'));
  cpSync(modelFolder(base), folder, { recursive: true });
  const file = join(folder, 'model.safetensors');
  const { tensors } = readSafetensors(readFileSync(file));
  const changed = [...tensors].map(([name, tensor]) => {
    const data = toFloat32(tensor);
    return [name, { dims: tensor.shape, data: name === 'model.norm.weight' ? data.map(change) : data }] as const;
  });
  writeFileSync(file, writeTensors(changed));
  return folder;
}

/** What Python came to: the logs of all steps, and the adapter. */
function readOutput(folder: string): Run {
  const read = (file: string) => new Blob([readFileSync(join(folder, 'output', file))]);
  const { log_history } = JSON.parse(readFileSync(join(folder, 'output/trainer_state.json'), 'utf8'));
  return {
    logs: log_history.filter((entry: object) => 'loss' in entry),
    adapter: {
      'adapter_config.json': read('adapter_config.json'),
      'adapter_model.safetensors': read('adapter_model.safetensors'),
    },
  };
}

function expectSuccess({ code, output }: Outcome): void {
  expect(code, output).toBe(0);
}

async function expectSame(there: Run, here: Run): Promise<void> {
  expect(there.logs.map(({ step }) => step)).toEqual(here.logs.map(({ step }) => step));
  for (const key of ['loss', 'grad_norm', 'learning_rate'] as const) {
    const [a, b] = [there, here].map(({ logs }) => logs.map((log) => log[key]));
    expect(largestDifference(a!, b!), key).toBeLessThanOrEqual(TOLERANCE[key]);
  }
  const [trained, expected] = await Promise.all([vectorsOf(there.adapter), vectorsOf(here.adapter)]);
  expect([...trained.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, values] of expected) {
    if (isNoise(name)) continue;
    expect(largestDifference(trained.get(name)!, values), name).toBeLessThanOrEqual(TOLERANCE.trained);
  }
}

describeWithPeft('Python goes on as the run would have here', () => {
  test.each(Object.keys(cases))('%s', async (name) => {
    const one = cases[name]!;
    const here = await trainHere(one);
    const { folder, done } = await exportAt(one, 4);
    expect(done).toBeLessThan(10);
    expectSuccess(await runPython(folder, ['train.py', '--model', withDropout(one.model ?? modelFolder(one.base))]));
    await expectSame(readOutput(folder), here);
  });

  test('from the first step, with its own checkpoints, and again after it was interrupted', async () => {
    const one = { ...cases.llama!, args: { save_strategy: 'steps', save_steps: 4 } } as const;
    const here = await trainHere(one);
    const { folder, done } = await exportAt(one, 0);
    expect(done).toBeLessThan(4);
    const command = ['train.py', '--model', modelFolder(one.base)];
    expectSuccess(await runPython(folder, command));
    const whole = readOutput(folder);
    await expectSame(whole, here);
    // As many are kept as in the browser.
    const kept = readdirSync(join(folder, 'output')).filter((file) => file.startsWith('checkpoint-'));
    expect(kept.sort()).toEqual(['checkpoint-10', 'checkpoint-8']);
    // The last one was cut off as it was written.
    rmSync(join(folder, 'output/checkpoint-10/trainer_state.json'));
    expectSuccess(await runPython(folder, command));
    expect(readOutput(folder).logs).toEqual(whole.logs);
    const { code, output } = await runPython(folder, command);
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('at step 10 of 10') });
  });

  test('what an earlier export came to is passed over', async () => {
    const one = cases.llama!;
    const { folder, done } = await exportAt(one, 5);
    expect(done).toBeGreaterThan(4);
    mkdirSync(join(folder, 'output/checkpoint-4'), { recursive: true });
    writeFileSync(join(folder, 'output/checkpoint-4/trainer_state.json'), '{"global_step": 4}');
    expectSuccess(await runPython(folder, ['train.py', '--model', modelFolder(one.base)]));
    await expectSame(readOutput(folder), await trainHere(one));
  });

  test('on two processes, with the loss where it stood, and what comes back opens here', async () => {
    const one = cases.llama!;
    const here = await trainHere(one);
    const { folder, done } = await exportAt(one, 4);
    // In the middle of an epoch that isn't the first.
    expect(done).toBeGreaterThan(3);
    const launch = [
      '--cpu',
      '--num_processes',
      '2',
      '--num_machines',
      '1',
      '--mixed_precision',
      'no',
      '--dynamo_backend',
      'no',
    ];
    expectSuccess(await runPython(folder, ['train.py', '--model', modelFolder(one.base)], { launch }));
    const there = readOutput(folder);
    await expectSame(there, here);
    const { model } = await load(one);
    const inputs = { input_ids: [rows[3]!.input_ids] };
    const [a, b] = await Promise.all(
      [there, here].map(async ({ adapter }) => (await VeraModel.from_pretrained(model, adapter)).forward(inputs)),
    );
    // 1e-5 of λ in each of six layers, against logits near 1.
    expect(largestDifference(a!.logits.data, b!.logits.data)).toBeLessThanOrEqual(1e-4);
    await model.dispose();
  });

  test('rows that are read take little more memory than their file', async () => {
    const line = `${JSON.stringify({ input_ids: Array.from({ length: 1000 }, (_, at) => 30_000 + at) })}\n`;
    const files = new Map([
      ['data.py', new Blob([dataPy])],
      ['train.jsonl', new Blob(Array.from({ length: 1000 }, () => line))],
    ]);
    const script = `import pathlib, tracemalloc, data
tracemalloc.start()
rows = data.Rows(pathlib.Path("train.jsonl"), 4, False, 0)
assert rows[999]["input_ids"][-1] == 30_999
print(tracemalloc.get_traced_memory()[1])`;
    const { code, output } = await runPython(await writeNew(files), ['-c', script]);
    expect(code, output).toBe(0);
    expect(Number(output)).toBeLessThan(1.5 * 1000 * line.length);
  });

  test('is drawn in Python as it is drawn here', async () => {
    const folder = await writeNew(new Map([['data.py', new Blob([dataPy])]]));
    const drawn = [
      { length: 1, seed: 0, epoch: 0 },
      { length: 2, seed: 42, epoch: 1 },
      { length: 11, seed: 2 ** 32 - 1, epoch: 2 },
      { length: 1000, seed: Number.MAX_SAFE_INTEGER, epoch: 70_000 },
    ];
    const script =
      'import json, sys, data; print(json.dumps([data.permutation(**key) for key in json.loads(sys.argv[1])]))';
    const { code, output } = await runPython(folder, ['-c', script, JSON.stringify(drawn)]);
    expect(code, output).toBe(0);
    expect(JSON.parse(output)).toEqual(drawn.map(({ length, seed, epoch }) => [...permutation(length, seed, epoch)]));
  });
});

describeWithPeft('what Python refuses, before it trains', () => {
  const one = cases.llama!;
  let exported: { readonly folder: string };
  beforeAll(async () => {
    exported = await exportAt(one, 2);
  });
  const refused = async (args: readonly string[], options = {}, folder?: string) => {
    const { code, output } = await runPython(folder ?? exported.folder, ['train.py', ...args], options);
    expect(code, output).toBe(1);
    return output;
  };

  test.each([
    [
      'of another architecture',
      'gpt2',
      /gpt2 isn't the model of this run: expected model\.\S+ of shape \[96, \d+\], got None/,
    ],
    ['of other sizes', 'llama3-tied', /isn't the model of this run: expected .* of shape/],
    [
      'with other key heads',
      'llama-bf16',
      /isn't the model of this run: expected \S+k_proj\.weight of shape \[16, 32\], got \[32, 32\]/,
    ],
  ])('a base model %s', async (_, base, message) => {
    expect(await refused(['--model', modelFolder(base)])).toMatch(message);
  });

  test('a base model of the same shapes, in which one vector differs', async () => {
    const folder = withNorm(one.base, (x) => 1.05 * x);
    expect(await refused(['--model', folder])).toMatch(
      /isn't the model of this run: expected model\.norm\.weight to begin with tensor\(\[[^\]]+\]\), got tensor/,
    );
  });

  test.each([null, ''])('no base model, named %j in the configuration', async (base_model_name_or_path) => {
    const folder = mkdtempSync(join(scratch, 'unnamed-'));
    cpSync(exported.folder, folder, { recursive: true });
    const [checkpoint] = readdirSync(folder).filter((file) => file.startsWith('checkpoint-'));
    const path = join(folder, checkpoint!, 'adapter_config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), base_model_name_or_path }));
    const { code, output } = await runPython(folder, ['train.py']);
    expect(code, output).toBe(2);
    expect(output).toContain('the following arguments are required: --model');
  });

  test('rows that processes or devices cannot share', async () => {
    const model = modelFolder(one.base);
    expect(await refused(['--model', model, '--per_device_train_batch_size', '3'])).toContain(
      "expected a divisor of 4, a process's rows of a step, got 3",
    );
    expect(await refused(['--model', model], { env: { WORLD_SIZE: '3' } })).toContain(
      "3 processes can't share the 4 rows of a step: start a number that divides 4.",
    );
  });

  test('an older PEFT, before anything of it is imported', async () => {
    // As an environment sees it: what is installed is what its metadata says.
    const site = mkdtempSync(join(scratch, 'site-'));
    mkdirSync(join(site, 'peft-0.17.0.dist-info'));
    writeFileSync(join(site, 'peft-0.17.0.dist-info/METADATA'), 'Metadata-Version: 2.1\nName: peft\nVersion: 0.17.0\n');
    mkdirSync(join(site, 'peft'));
    writeFileSync(join(site, 'peft/__init__.py'), 'raise ImportError("an old release")\n');
    expect(await refused(['--model', modelFolder(one.base)], { env: { PYTHONPATH: site } })).toMatch(
      /train\.py needs peft>=\S+, and 0\.17\.0 is installed\. Run: pip install -r requirements\.txt/,
    );
  });

  test('a fresh environment, with what to do', async () => {
    const { code, output } = await runPython(exported.folder, ['-S', 'train.py', '--model', modelFolder(one.base)]);
    expect(code, output).toBe(1);
    expect(output.trim()).toBe("train.py needs packages that aren't installed. Run: pip install -r requirements.txt");
  });

  test('a checkpoint of other parameters', async () => {
    const { folder } = await exportAt(one, 2);
    const [name] = readdirSync(folder).filter((file) => file.startsWith('checkpoint-'));
    const path = join(folder, name!, 'optimizer.safetensors');
    const bytes = readFileSync(path).toString('latin1').replace('layers.1.mlp', 'layers.9.mlp');
    writeFileSync(path, Buffer.from(bytes, 'latin1'));
    expect(await refused(['--model', modelFolder(one.base)], {}, folder)).toContain(
      'is of other parameters than train here',
    );
  });
});
