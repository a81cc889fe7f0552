import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AutoModelForSequenceClassification, type Example, Profile, type TrainingArguments } from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { type TestSession, vectorsOf, within } from '../../helpers/session/session';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const load = ({ session }: TestSession, names = ['red', 'green', 'blue']) =>
  AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), { session, id2label: { ...names } });
const rows = Array.from({ length: 12 }, (_, index): Example => {
  const label = index % 3;
  return { input_ids: [10 + label, 20 + index, 40 + label, 50], label };
});
const options = {
  peft_config: { r: 16 },
  args: { max_steps: 25, per_device_train_batch_size: 12, learning_rate: 0.05, headLearningRate: 0.02 },
};
const visit = <T>(body: (opened: TestSession) => Promise<T>) => within({ store: 'auto' }, body);
const labels = (told: readonly (readonly { readonly label: string }[])[]) => told.map(([best]) => best!.label);

test('a profile over a classifier learns with its head, is judged by its examples, and remembers at the next visit', async () => {
  const told = await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows);
    const { metrics } = await profile.learn();
    // With so few labels, no example is held out.
    expect(metrics).toMatchObject({ taken: 1, held_out: 0 });
    expect(metrics.loss_after).toBeLessThan(metrics.loss_before! / 2);
    return Promise.all(rows.map((row) => profile.predict(row as { input_ids: number[] })));
  });
  expect(labels(told)).toEqual(rows.map((_, index) => ['red', 'green', 'blue'][index % 3]));
  await visit(async (opened) => {
    const base = await load(opened);
    const profile = await Profile.open(base, 'ada');
    expect(await Promise.all(rows.map((row) => profile.predict(row as { input_ids: number[] })))).toEqual(told);
    const files = await profile.export();
    const config = JSON.parse(await files.get('adapter_config.json')!.text());
    expect(config).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['classifier', 'score'] });
    const tensors = await vectorsOf({
      'adapter_config.json': files.get('adapter_config.json')!,
      'adapter_model.safetensors': files.get('adapter_model.safetensors')!,
    });
    expect([...tensors.keys()]).toContain('base_model.model.classifier.bias');
    const again = await Profile.import(base, files, 'again');
    expect(await again.predict(rows[0] as { input_ids: number[] })).toEqual(told[0]);
  });
});

test('a profile over DistilBERT opens by its defaults, and trains both layers of the head whole', async () => {
  await visit(async ({ session }) => {
    const base = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/distilbert'), { session });
    const files = await (await Profile.open(base, 'ada')).export();
    const blob = (name: string) => files.get(name)!;
    const config = JSON.parse(await blob('adapter_config.json').text());
    expect(config.target_modules).not.toContain('pre_classifier');
    const tensors = await vectorsOf({
      'adapter_config.json': blob('adapter_config.json'),
      'adapter_model.safetensors': blob('adapter_model.safetensors'),
    });
    const head = ['base_model.model.pre_classifier.weight', 'base_model.model.classifier.weight'];
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(head));
  });
});

test('a profile that was opened without a task type is opened and imported again with its own one', async () => {
  await visit(async (opened) => {
    const base = await load(opened);
    const own = { peft_config: { ...options.peft_config, task_type: 'SEQ_CLS' } } as const;
    const files = await (await Profile.open(base, 'ada', options)).export();
    expect((await Profile.open(base, 'ada', own)).info.examples).toBe(0);
    expect((await Profile.import(base, files, 'ben', own)).info.examples).toBe(0);
    const other = { peft_config: { task_type: 'TOKEN_CLS' } } as const;
    const message = `profile: peft_config.task_type: expected "SEQ_CLS", as it began, got 'TOKEN_CLS'`;
    await expect(Profile.open(base, 'ada', other)).rejects.toMatchObject({ code: 'invalid_argument', message });
  });
});

test('a profile predicts texts up to the length to which it learns them', async () => {
  await visit(async (opened) => {
    const args = { ...options.args, max_length: 4 };
    const profile = await Profile.open(await load(opened), 'ada', { ...options, args });
    const [short, long] = [{ input_ids: [10, 20, 40, 50] }, { input_ids: [10, 20, 40, 50, 41, 60, 61, 62] }];
    const told = await profile.predict(short);
    expect(await profile.predict(long)).toEqual(told);
    const whole = await profile.predict(long, { max_length: 8 });
    expect(whole).not.toEqual(told);
    const longer = await Profile.open(await load(opened), 'ben', options);
    expect(await longer.predict(long)).not.toEqual(await longer.predict(short));
  });
});

test('without a length of its own, a profile predicts texts up to the default length to which it learns them', async () => {
  await visit(async ({ session }) => {
    const { files } = goldenBase('base/llama-seqcls');
    const config = { ...JSON.parse(await files.get('config.json')!.text()), max_position_embeddings: 2048 };
    const source = { files: new Map([...files, ['config.json', new Blob([JSON.stringify(config)])]]) };
    const base = await AutoModelForSequenceClassification.from_pretrained(source, { session });
    const ids = Array.from({ length: 1030 }, (_, index) => 10 + ((index * index) % 71));
    const [whole, learnt] = [{ input_ids: ids }, { input_ids: ids.slice(0, 1024) }];
    const profile = await Profile.open(base, 'ada', { peft_config: options.peft_config });
    expect(await profile.predict(whole)).toEqual(await profile.predict(learnt));
    expect(await profile.predict(whole, { max_length: 2048 })).not.toEqual(await profile.predict(learnt));
    // A model without a profile has no length to which it learns, and reads as much as it can.
    expect(await base.predict(whole)).not.toEqual(await base.predict(learnt));
  });
});

test('two profiles over one base have heads of their own', async () => {
  await visit(async (opened) => {
    const base = await load(opened);
    const ada = await Profile.open(base, 'ada', options);
    const ben = await Profile.open(base, 'ben', options);
    await ada.add(rows);
    await ben.add(rows.map((row, index) => ({ ...row, label: (index + 1) % 3 }) as Example));
    await ada.learn();
    await ben.learn();
    const first = rows[0] as { input_ids: number[] };
    expect(labels([await ada.predict(first), await ben.predict(first)])).toEqual(['red', 'green']);
  });
});

test('a profile predicts several labels, can be exported, and isn’t opened over a base with single labels', async () => {
  const problem_type = 'multi_label_classification';
  const loadSeveral = ({ session }: TestSession) =>
    AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), {
      session,
      id2label: { 0: 'red', 1: 'green', 2: 'blue' },
      problem_type,
    });
  const sets = [['red'], ['green', 'blue'], []];
  const several = rows.map((row, index): Example => {
    const { input_ids } = row as { readonly input_ids: readonly number[] };
    return { input_ids, labels: sets[index % 3]! };
  });
  await visit(async (opened) => {
    const base = await loadSeveral(opened);
    const profile = await Profile.open(base, 'ada', options);
    await profile.add(several);
    expect((await profile.learn()).metrics.taken).toBe(1);
    const told = await profile.predict(several[1] as { input_ids: number[] });
    expect(
      told
        .filter((one) => one.told)
        .map(({ label }) => label)
        .sort(),
    ).toEqual(['blue', 'green']);
    const files = await profile.export();
    expect((await files.get('examples.jsonl')!.text()).split('\n')[1]).toBe(JSON.stringify(several[1]));
    const again = await Profile.import(base, files, 'again');
    expect(await again.predict(several[1] as { input_ids: number[] })).toEqual(told);
    const single = await load(opened);
    const message = `profile: expected a model with problem_type ${problem_type}, as it began, got left out`;
    await expect(Profile.open(single, 'ada')).rejects.toMatchObject({ code: 'invalid_argument', message });
    await expect(Profile.import(single, files, 'ben')).rejects.toMatchObject({ code: 'invalid_argument', message });
    await expect(profile.add([{ text: 'a', labels: ['violet'] }])).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

test.each<[string, object, RegExp]>([
  [
    'a label that the model hasn’t',
    { input_ids: [1, 2], label: 'violet' },
    /^examples\[1\]: label: expected one of the/,
  ],
  ['no label', { input_ids: [1, 2] }, /^examples\[1\]: expected a label for the whole text/],
  ['ids beyond the vocabulary', { input_ids: [1, 1e6], label: 'red' }, /^examples\[1\]: input_ids: expected/],
])('an example with %s is refused, with all that were added together with it', async (_, example, message) => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    const refused = profile.add([rows[0], example] as Example[]);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_argument', message });
    expect(profile.info).toMatchObject({ examples: 0, seen: 0 });
  });
});

test.each([[['green', 'red', 'blue']], [['red', 'green', 'violet']]])(
  'a profile with other labels isn’t opened or imported over %j',
  async (names) => {
    const files = await visit(async (opened) => (await Profile.open(await load(opened), 'ada', options)).export());
    await visit(async (opened) => {
      const other = await load(opened, names);
      const expected = 'expected a model with the labels ["red","green","blue"], as it began, got';
      const refusal = { code: 'invalid_argument', message: `profile: ${expected} ${JSON.stringify(names)}` };
      await expect(Profile.open(other, 'ada')).rejects.toMatchObject(refusal);
      await expect(Profile.import(other, files, 'ben')).rejects.toMatchObject(refusal);
      expect((await Profile.open(await load(opened), 'ada')).info.examples).toBe(0);
    });
  },
);

test.each<['instant' | 'refine', TrainingArguments['classWeights'], { readonly red: number; readonly green: number }]>([
  ['instant', { red: 0.01, green: 10 }, { red: 0.01, green: 10 }],
  ['refine', 'balanced', { red: 145 / (2 * 110), green: 145 / (2 * 35) }],
])('%s with the classWeights %j is judged by these weights of held-out examples', async (method, given, weights) => {
  await visit(async (opened) => {
    const args = { max_steps: 1, per_device_train_batch_size: 14, ...(given && { classWeights: given }) };
    const profile = await Profile.open(await load(opened), 'ada', { peft_config: { r: 8 }, args });
    const many = Array.from({ length: 150 }, (_, index) => ({
      input_ids: [10 + (index % 4), 20 + (index % 60), 40, 50],
      label: index % 4 === 1 ? ('green' as const) : ('red' as const),
    }));
    await profile.add(many);
    let [losses, total] = [0, 0];
    for (const { input_ids, label } of many.filter((_, index) => index >= 100 && index % 10 === 9)) {
      const told = await profile.predict({ input_ids });
      losses -= weights[label] * Math.log(told.find((one) => one.label === label)!.score);
      total += weights[label];
    }
    const { metrics } = await profile.learn({ method });
    expect(metrics.held_out).toBe(5);
    expect(metrics.loss_before).toBeCloseTo(losses / total, 4);
  });
});
