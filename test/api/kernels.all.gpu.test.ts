import { IDBFactory } from 'fake-indexeddb';
import { afterEach, expect, test, vi } from 'vitest';
import { allTunableKernels } from '../../src/adapters/adapter_kinds';
import { type KernelChoice, Session, type SessionOptions, VeraModel } from '../../src/index';
import { SessionKernels } from '../../src/worker/models/session_kernels';
import { goldenCase } from '../helpers/golden/golden';
import { expectGoldenTraining } from '../helpers/golden/golden_training';
import { loadTiny, loadTinyVera } from '../helpers/models/tiny_llama';
import { expectToTrain, firstLog, tinyTrainer, weightsOf } from '../helpers/models/tiny_training';
import { ofRing, testInAll } from '../helpers/ring';
import { loadVera, type TestSession, within } from '../helpers/session/session';
import { sessionGpu } from '../helpers/session/session_gpu';

const NAME = 'llama_qvud_big';
const [training] = goldenCase(NAME).expect.train.filter(({ start }) => start === 'init');

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Trains the golden case as PEFT did. Returns the trained weights, the kernels that computed them, and the warnings. */
const golden = (options: SessionOptions) =>
  within(options, async (opened) => {
    const vera = await loadVera(opened, NAME);
    await expectGoldenTraining(vera, NAME, training!);
    return { weights: await weightsOf(vera), kernels: await opened.session.kernels(), warnings: opened.warnings };
  });

const json = (choice: KernelChoice): KernelChoice => JSON.parse(JSON.stringify(choice)) as KernelChoice;

/** Returns a kernel choice that uses this variant of each kernel that has it. */
const everywhere = (choice: KernelChoice, variant: string): KernelChoice => {
  const having = allTunableKernels().filter(({ variants }) => variants.some(({ name }) => name === variant));
  return { ...choice, variants: Object.fromEntries(having.map(({ name }) => [name, variant])) };
};

/** A session's default choice. */
const made = await within({}, ({ session }) => session.kernels());

testInAll('tuned kernels train as PEFT does, and their choice repeats the run to the bit', async () => {
  const tuned = await golden({ kernels: 'tuned' });
  expect(Object.keys(tuned.kernels.variants).length).toBeGreaterThan(0);
  expect(await golden({ kernels: json(tuned.kernels) })).toEqual(tuned);
});

test.each(ofRing(['register', 'workgroup'], { test: (variant) => variant === 'register' }))(
  'a choice of %s tiles trains as PEFT does, twice the same',
  async (variant) => {
    const table = await golden({});
    expect(table.kernels).toEqual(made);
    expect(made.variants).toEqual({});
    const kernels = everywhere(made, variant);
    const first = await golden({ kernels });
    expect(first.kernels).toEqual(kernels);
    expect(first.warnings).toEqual(table.warnings);
    // The chosen kernels sum in another order, so different weights show that the session uses them.
    expect(first.weights).not.toEqual(table.weights);
    expect(await golden({ kernels })).toEqual(first);
  },
);

test('a tuned run uses its chosen kernels for all its work', async () => {
  const kernels = everywhere(made, 'register');
  const chosen = await golden({ kernels });
  let executor: { chosen: KernelChoice['variants'] } | undefined;
  const { begin } = SessionKernels.prototype;
  vi.spyOn(SessionKernels.prototype, 'begin').mockImplementation(function (this: SessionKernels, device) {
    executor = device.executor;
    return begin.call(this, device);
  });
  const tune = async () => {
    if (executor !== undefined) executor.chosen = kernels.variants;
  };
  vi.spyOn(SessionKernels.prototype, 'tuning').mockReturnValue(tune);
  expect((await golden({})).weights).toEqual(chosen.weights);
});

test('measures once: the session uses its choice from then on, and later sessions read it from the store', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  const trainTwice = async (opened: TestSession) => {
    const model = await loadTinyVera(opened);
    const before = await opened.session.kernels();
    await expectToTrain(model);
    const [kernels, pipelines] = [await opened.session.kernels(), opened.calls('createComputePipelineAsync')];
    await expectToTrain(model);
    expect(await opened.session.kernels()).toEqual(kernels);
    expect(opened.calls('createComputePipelineAsync')).toBe(pipelines);
    return { before, kernels, pipelines };
  };
  const first = await within({ kernels: 'tuned', store: 'auto' }, trainTwice);
  expect(first.before.variants).toEqual({});
  expect(Object.keys(first.kernels.variants).length).toBeGreaterThan(0);
  const second = await within({ kernels: 'tuned', store: 'auto' }, trainTwice);
  expect([second.before, second.kernels]).toEqual([first.kernels, first.kernels]);
  // Only the chosen variants were compiled.
  expect(second.pipelines).toBeLessThan(first.pipelines);
  const table = await within({ store: 'auto' }, trainTwice);
  expect([table.before.variants, table.kernels.variants]).toEqual([{}, {}]);
});

test('training continues with its first choice, to the bit: resumed, and in a later session', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  const args = { max_steps: 6 };
  const began = await within({ kernels: 'tuned', store: 'auto' }, async (opened) => {
    const [model, other] = [await loadTinyVera(opened), await loadTinyVera(opened)];
    await tinyTrainer(other, { args }).train();
    const run = tinyTrainer(model, { args }).train();
    await firstLog(run);
    await run.pause();
    await run.resume();
    expect((await run).global_step).toBe(6);
    expect(await weightsOf(model)).toEqual(await weightsOf(other));
    return { files: await model.save_pretrained(), kernels: await opened.session.kernels() };
  });
  const goOn = (options: SessionOptions) =>
    within(options, async (opened) => {
      const base = await loadTiny(opened);
      const model = await VeraModel.from_pretrained(base, began.files, { is_trainable: true });
      await tinyTrainer(model, { args }).train();
      return { weights: await weightsOf(model), kernels: await opened.session.kernels() };
    });
  const later = await goOn({ kernels: 'tuned', store: 'auto' });
  expect(later.kernels).toEqual(began.kernels);
  expect(await goOn({ kernels: json(began.kernels) })).toEqual(later);
  // A different choice sums in another order, so that its weights differ.
  const variant = Object.values(began.kernels.variants).includes('register') ? 'workgroup' : 'register';
  expect((await goOn({ kernels: everywhere(made, variant) })).weights).not.toEqual(later.weights);
});

test('runs that begin together share one tuning', async () => {
  await within({ kernels: 'tuned' }, async (opened) => {
    const [model, other] = [await loadTinyVera(opened), await loadTinyVera(opened)];
    await Promise.all([expectToTrain(model), expectToTrain(other)]);
    expect(await weightsOf(other)).toEqual(await weightsOf(model));
  });
});

test('a run that is cancelled or stopped during its tuning leaves that to the next', async () => {
  await within({ kernels: 'tuned' }, async (opened) => {
    const model = await loadTinyVera(opened);
    const bytes = opened.storageBytes();
    const controller = new AbortController();
    const on_train_begin = () => controller.abort('enough');
    const cancelled = tinyTrainer(model, { callbacks: [{ on_train_begin }] }).train({ signal: controller.signal });
    await expect(Promise.resolve(cancelled)).rejects.toBe('enough');
    let stop = (): void => {};
    const stopped = tinyTrainer(model, { callbacks: [{ on_train_begin: () => stop() }] }).train();
    stop = () => void stopped.stop();
    expect((await stopped).global_step).toBe(0);
    expect((await opened.session.kernels()).variants).toEqual({});
    expect(opened.storageBytes()).toBe(bytes);
    await expectToTrain(model);
    expect(Object.keys((await opened.session.kernels()).variants).length).toBeGreaterThan(0);
  });
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ['a kernel that there is not', { matmul: 'wide' }, 'matmul'],
  ['a kernel without a choice', { adamw: 'default' }, 'adamw'],
  ['what every object has', { constructor: 'wide' }, 'constructor'],
  [
    'a variant that there is not',
    { linear: 'fast' },
    'register or wide or workgroup or workgroup_oblong or workgroup_small or subgroup',
  ],
  [
    'a variant for few rows',
    { linear: 'row' },
    'register or wide or workgroup or workgroup_oblong or workgroup_small or subgroup',
  ],
])('%s is refused when the session opens', async (_, variants, message) => {
  const opening = Session.open({ worker: false, store: 'memory', kernels: { ...made, variants } });
  await expect(opening).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('tuned'),
  });
});

test('a variant that the device lacks a feature for is refused when the device opens, every time', async () => {
  const requestAdapter = async () => ({ ...(await sessionGpu().gpu.requestAdapter()), features: new Set() });
  const kernels = { ...made, variants: { linear: 'subgroup' } };
  const session = await Session.open({
    worker: false,
    store: 'memory',
    gpu: { requestAdapter } as unknown as GPU,
    kernels,
  });
  for (let time = 0; time < 2; time++) {
    await expect(session.kernels()).rejects.toMatchObject({
      code: 'invalid_argument',
      message: "kernels: linear: subgroup needs subgroups, which this device doesn't have",
    });
  }
  await session.close();
});

test.each([
  ['shaders', { ...made, version: '0'.repeat(32) }],
  ['another adapter', { ...made, adapter: { ...made.adapter, description: 'llvmpipe 1' } }],
])('a choice made for other %s warns that bits may differ', async (what, kernels) => {
  await within({ kernels }, async ({ session, warnings }) => {
    const messages: string[] = [];
    session.addEventListener('warning', ({ message }) => messages.push(message));
    expect(await session.kernels()).toEqual(made);
    expect(warnings).toEqual(['other_kernels']);
    expect(messages[0]).toContain(what);
  });
});
