import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AutoModelForCausalLM, AutoModelForSequenceClassification, Profile, VeraConfig } from '../../../src/index';
import { Link } from '../../../src/page/rpc/link';
import { goldenBase } from '../../helpers/golden/golden';
import { stored } from '../../helpers/session/profiles';
import { type TestSession, within } from '../../helpers/session/session';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const colours = ['red', 'green', 'blue'];
const load = ({ session }: TestSession) =>
  AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), { session, id2label: { ...colours } });
const visit = <T>(body: (opened: TestSession) => Promise<T>) => within({ store: 'auto' }, body);
const row = (index: number) => ({
  input_ids: [10 + (index % 3), 20 + (index % 60), 40 + (index % 3), 50],
  label: index % 3,
});
const rows = (count: number, first = 0) => Array.from({ length: count }, (_, index) => row(first + index));
const { input_ids } = row(0);
const options = { peft_config: { r: 8 }, args: { per_device_train_batch_size: 12 } };

test('a profile learns at once, and again from three more examples by three forward passes', async () => {
  const before = await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(24));
    const untrained = await profile.predict({ input_ids });
    expect(await profile.steps({ method: 'instant' })).toBe(0);
    const first = await profile.learn({ method: 'instant' });
    expect(first).toMatchObject({ global_step: 0, metrics: { taken: 1, held_out: 0, computed: 24 } });
    expect(first.metrics.cross_validated_loss).toBeGreaterThan(first.metrics.loss_after!);
    expect(first.metrics.loss_after).toBeLessThan(first.metrics.loss_before!);
    const solved = await profile.predict({ input_ids });
    await profile.add(rows(3, 24));
    expect((await profile.learn({ method: 'instant' })).metrics).toMatchObject({ taken: 1, computed: 3 });
    const [older, newer] = profile.info.history;
    expect(older).toMatchObject({ method: 'instant', examples: 24, steps: 0, C: first.metrics.C, taken: true });
    expect(newer).toMatchObject({ method: 'instant', examples: 27 });
    expect(await profile.predict({ input_ids })).not.toEqual(solved);
    await profile.rollback();
    expect(await profile.predict({ input_ids })).toEqual(solved);
    expect(solved).not.toEqual(untrained);
    return solved;
  });
  await visit(async (opened) => {
    const base = await load(opened);
    const profile = await Profile.open(base, 'ada');
    expect(await profile.predict({ input_ids })).toEqual(before);
    const again = await Profile.import(base, await profile.export(), 'again');
    expect(await again.predict({ input_ids })).toEqual(before);
    expect(again.info.history).toEqual(profile.info.history);
  });
});

test('a solved head is judged by held-out examples, and training continues from it', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(150));
    const { metrics } = await profile.learn({ method: 'instant' });
    expect(metrics).toMatchObject({ held_out: 5, computed: 60, taken: 1 });
    const trained = await profile.learn({ args: { max_steps: 1, learning_rate: 1e-30, headLearningRate: 1e-30 } });
    // Both are losses of one head over the same examples: one is computed from features, the other by a forward pass.
    expect(trained.metrics.loss_before).toBeCloseTo(metrics.loss_after!, 4);
    const [first, second] = profile.info.history;
    expect([first!.method, second!.method]).toEqual(['instant', 'train']);
    expect(second).toMatchObject({ C: null, cross_validated_loss: null });
  });
});

test.each([
  { base: 'gpt2', isNew: true },
  { base: 'gpt2-seqcls', isNew: false },
])('$base: a head that no file has is one that a solved head replaces in any case: $isNew', async ({ base, isNew }) => {
  await visit(async ({ session }) => {
    const model = await AutoModelForSequenceClassification.from_pretrained(goldenBase(`base/${base}`), {
      session,
      id2label: { ...colours },
    });
    const profile = await Profile.open(model, 'ada', { peft_config: { r: 8 } });
    const about = (await profile.export()).get('profile.json');
    expect(JSON.parse((await about?.text()) ?? '')).toMatchObject({ solved: isNew });
  });
});

test('after a rollback, and in a copy, a solved head is still replaced by the one of all examples', async () => {
  await visit(async (opened) => {
    const base = await load(opened);
    const profile = await Profile.open(base, 'ada', options);
    // Random labels can't be learnt, so a head's loss on its own examples is lower than its cross-validated loss.
    const chance = [0, 1, 2, 2, 0, 1, 1, 0, 2, 0, 2, 1].map((label, index) => ({ ...row(index), label }));
    await profile.add(chance);
    await profile.learn({ method: 'instant' });
    await profile.learn({ args: { max_steps: 1, learning_rate: 1e-30, headLearningRate: 1e-30 } });
    await profile.rollback();
    const copy = await Profile.import(base, await profile.export(), 'copy');
    for (const one of [profile, copy]) {
      await one.add([{ ...row(12), label: 2 }]);
      const { metrics } = await one.learn({ method: 'instant' });
      expect(metrics.cross_validated_loss).toBeGreaterThan(metrics.loss_before!);
      expect(metrics.taken).toBe(1);
    }
  });
});

test("a configuration that is an instance leaves profiles' defaults, such as a trained head", async () => {
  await visit(async (opened) => {
    const base = await load(opened);
    const profile = await Profile.open(base, 'ada', { peft_config: new VeraConfig({ r: 8 }) });
    const config = (await profile.export()).get('adapter_config.json');
    expect(JSON.parse((await config?.text()) ?? '')).toMatchObject({ task_type: 'SEQ_CLS', save_projection: false });
    await profile.add(rows(6));
    expect((await profile.learn({ method: 'instant' })).metrics).toMatchObject({ taken: 1 });
    const copy = await Profile.import(base, await profile.export(), 'ben', { peft_config: new VeraConfig({ r: 8 }) });
    expect(await copy.predict({ input_ids })).toEqual(await profile.predict({ input_ids }));
  });
});

/** Interrupts an instant run over 24 rows by disposing of its profile. `meanwhile` runs while the run is paused. */
async function interrupt(opened: TestSession, meanwhile?: (profile: Profile) => Promise<unknown>): Promise<void> {
  const profile = await Profile.open(await load(opened), 'ada', options);
  await profile.add(rows(24));
  const run = profile.learn({ method: 'instant' });
  const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
  await run.pause();
  await meanwhile?.(profile);
  await profile.dispose();
  await failed;
}

test('an interrupted run is stored without examples, and learns from those that the profile has when it resumes', async () => {
  await visit(async (opened) => {
    await interrupt(opened, (profile) => profile.add(rows(3, 24)));
    const unfinished = (await stored()).get('profile/ada/unfinished');
    expect(unfinished).toMatchObject({ method: 'instant', progress: null });
    expect(unfinished).not.toHaveProperty('learnt');
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    expect((await profile.learning)?.metrics).toMatchObject({ taken: 1, computed: 27 });
    expect(profile.info.history).toMatchObject([{ method: 'instant', examples: 27 }]);
    expect((await stored()).get('profile/ada/unfinished')).toBeNull();
  });
});

test('an interrupted run that resumed is replaced by one that learns from examples added since', async () => {
  await visit((opened) => interrupt(opened));
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    await profile.learning?.pause();
    await profile.add(rows(3, 24));
    expect((await profile.learn({ method: 'instant' })).metrics).toMatchObject({ taken: 1 });
    expect(profile.info.history).toMatchObject([{ method: 'instant', examples: 27 }]);
  });
});

test('a run of another method that resumed when its profile was opened is replaced, by valid options alone', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(24));
    const run = profile.learn({ args: { max_steps: 200, save_steps: 1 } });
    const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
    for await (const { type } of run) if (type === 'save') break;
    await opened.session.close();
    await failed;
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    const { learning } = profile;
    const invalid = Promise.resolve(profile.learn({ method: 'instant', args: { max_steps: 0 } }));
    await expect(invalid).rejects.toMatchObject({ code: 'invalid_argument', message: /max_steps/ });
    const tooLate = Promise.resolve(profile.learn({ method: 'refine', signal: AbortSignal.abort('too late') }));
    await expect(tooLate).rejects.toBe('too late');
    expect(profile.learning).toBe(learning);
    const resumed = expect(Promise.resolve(learning)).rejects.toMatchObject({ message: /learns anew/ });
    expect((await profile.learn({ method: 'instant' })).metrics).toMatchObject({ taken: 1, computed: 24 });
    await resumed;
    expect(profile.info.history).toMatchObject([{ method: 'instant' }]);
  });
});

test('a run whose profile is disposed of while the head is solved for ends at once, and resumes when it opens again', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add(rows(24));
    const requests = vi.spyOn(Link.prototype, 'request');
    const run = profile.learn({ method: 'instant' });
    const failed = expect(Promise.resolve(run)).rejects.toMatchObject({ name: 'AbortError' });
    const fits = (): void => expect(requests.mock.calls.map(([name]) => name)).toContain('fitHead');
    await vi.waitFor(fits, { timeout: 100_000, interval: 1 });
    await profile.dispose();
    await failed;
  });
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada');
    expect(profile.info.history).toEqual([]);
    expect((await profile.learning)?.metrics).toMatchObject({ taken: 1 });
    expect(profile.info.history).toMatchObject([{ method: 'instant', examples: 24 }]);
  });
});

test('rejects one class alone, and changes nothing', async () => {
  await visit(async (opened) => {
    const profile = await Profile.open(await load(opened), 'ada', options);
    await profile.add([row(0), row(3)]);
    await expect(profile.learn({ method: 'instant' })).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(profile.info.history).toEqual([]);
    await profile.add([row(1)]);
    expect((await profile.learn({ method: 'instant' })).metrics).toMatchObject({ taken: 1, computed: 3 });
  });
});

test('rejects other methods, and a language model', async () => {
  await visit(async (opened) => {
    const { session } = opened;
    const base = await AutoModelForCausalLM.from_pretrained(goldenBase('base/gpt2'), { session });
    const profile = await Profile.open(base, 'ben');
    await profile.add({ input_ids: [1, 2, 3] });
    await expect(profile.learn({ method: 'instant' })).rejects.toThrow(
      'expected a classifier of whole texts or images',
    );
    await expect(profile.learn({ method: 'now' as 'instant' })).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
