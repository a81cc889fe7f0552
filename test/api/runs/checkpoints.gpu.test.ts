import { expect, test } from 'vitest';
import { TabLocks } from '../../../src/core/locks/tab_locks';
import { adapters, checkpoints, type TrainingArguments } from '../../../src/index';
import { CheckpointStore } from '../../../src/store/checkpoint_store';
import { IndexedDbStore } from '../../../src/store/indexeddb_store';
import { oneBrowser } from '../../helpers/session/one_browser';
import { resumedRows, stopAt, trained, typesOf } from '../../helpers/session/resumed_run';
import { within } from '../../helpers/session/session';

oneBrowser();

const listed = () => within({ store: 'auto' }, ({ session }) => checkpoints.list({ session }));

/** Stores the checkpoints of `count` interrupted runs of other pages. */
async function brokenOff(count: number): Promise<void> {
  const store = new IndexedDbStore('webvera', indexedDB);
  const kept = new CheckpointStore(store, new TabLocks(undefined, ''));
  const checkpoint = { slot: 0, seq: 0, training: 'another', step: 3, ended: false } as const;
  for (let run = 0; run < count; run++) {
    await kept.save(`run${run}`, { ...checkpoint, adapters: ['theirs'], bytes: new Uint8Array(2000) });
  }
  await store.close();
}

test('a run’s checkpoints are listed, and deleted', async () => {
  const begin = Date.now();
  await trained({ meanwhile: stopAt(5) });
  const [broken, ...others] = await listed();
  expect(others).toEqual([]);
  expect(broken).toMatchObject({ id: expect.any(String), adapter_names: ['default'], ended: false });
  expect(broken?.global_step).toBeGreaterThanOrEqual(5);
  expect(broken?.saved_at).toBeGreaterThanOrEqual(begin);
  expect(broken?.saved_at).toBeLessThanOrEqual(Date.now());
  await trained({ resume: true });
  const [ended] = await listed();
  expect(ended).toMatchObject({ id: broken?.id, global_step: 12, ended: true });
  // Each of the two checkpoints contains λ and both moments.
  expect(ended?.bytes).toBeGreaterThan(2 * 3 * 4 * 8);
  await within({ store: 'auto' }, async ({ session }) => {
    await checkpoints.delete('nobody', { session });
    expect(await checkpoints.list({ session })).toHaveLength(1);
    await checkpoints.delete(ended?.id ?? '', { session });
    expect(await checkpoints.list({ session })).toEqual([]);
  });
  expect(typesOf(await trained({ resume: true }))).not.toContain('restored');
});

test('if too many runs are stored that may be resumed, another one still trains, and lists runs to delete', async () => {
  const straight = await trained({ init: { args: { save_strategy: 'no' } } });
  await brokenOff(16);
  const full = await trained();
  expect(full.weights).toEqual(straight.weights);
  expect(full.saved).toEqual([]);
  expect(full.events.filter(({ type }) => type === 'warning')).toMatchObject([
    {
      code: 'storage_full',
      message: expect.stringMatching(
        /^Step 4 isn't saved, and training continues: Storage is full: .* got (theirs at step 3 \(\d{4}-\d\d-\d\d, 2 kB\)(, )?){4} and 12 more; deleting one of them makes room$/,
      ),
    },
  ]);
  expect((await listed()).map(({ adapter_names }) => adapter_names[0])).toEqual(Array(16).fill('theirs'));
  await within({ store: 'auto' }, ({ session }) => checkpoints.delete('run7', { session }));
  expect((await trained()).saved).toHaveLength(3);
  expect(await listed()).toHaveLength(16);
  await within({ store: 'auto' }, ({ session }) => adapters.wipe({ session }));
  expect(await listed()).toEqual([]);
});

test('a run that has ended makes room', async () => {
  await trained();
  await brokenOff(4);
  expect((await listed()).map(({ adapter_names }) => adapter_names[0])).toEqual(Array(4).fill('theirs'));
});

/** Returns a run that early stopping ends at step 4. */
const stalling = (args: TrainingArguments) => {
  const evaluating = { eval_strategy: 'steps', eval_steps: 2 } as const;
  const stopping = { early_stopping_patience: 1, early_stopping_threshold: 1e9 };
  return { eval_dataset: resumedRows, args: { ...evaluating, ...stopping, ...args } };
};

test.each([2, 100])(
  'a run that early stopping has ended makes room, with a save every %i steps',
  async (save_steps) => {
    const init = stalling({ save_steps });
    const { saved } = await trained({ init });
    expect(saved.at(-1)).toBe('checkpoint-4');
    expect(await listed()).toMatchObject([{ global_step: 4, ended: true }]);
    // Resuming it changes nothing.
    expect(typesOf(await trained({ init, resume: true }))).toEqual(['restored']);
    expect(await listed()).toMatchObject([{ global_step: 4, ended: true }]);
    await brokenOff(4);
    expect((await listed()).map(({ adapter_names }) => adapter_names[0])).toEqual(Array(4).fill('theirs'));
  },
);

test('a run that early stopping has ended keeps the checkpoint before the last one', async () => {
  const init = stalling({ save_steps: 2 });
  const { saved } = await trained({ init });
  expect(saved).toEqual(['checkpoint-2', 'checkpoint-4', 'checkpoint-4']);
  const again = await trained({ init, resume: 'checkpoint-2' });
  expect(again.events[0]).toMatchObject({ type: 'restored', checkpoint: 'checkpoint-2' });
  expect(await listed()).toMatchObject([{ global_step: 4, ended: true }]);
});

test('a run whose last step is saved isn’t saved again if early stopping would end it there', async () => {
  const { saved } = await trained({ init: stalling({ save_steps: 2, max_steps: 4 }) });
  expect(saved).toEqual(['checkpoint-2', 'checkpoint-4']);
  expect(await listed()).toMatchObject([{ global_step: 4, ended: true }]);
});

test('checkpoints are addressed by an id', async () => {
  await expect(checkpoints.delete('')).rejects.toMatchObject({ message: /^id: expected a string/ });
  await expect(checkpoints.list({ id: 'a' } as never)).rejects.toMatchObject({ code: 'invalid_argument' });
});
