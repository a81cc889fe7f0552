import { expect, test } from 'vitest';
import type { Adapter } from '../../../src/adapters/adapter';
import { TrainingTurns } from '../../../src/worker/models/training_turns';
import { type RunRoom, RunsInProgress, runCalls } from '../../../src/worker/runs/session_training';

test('a merge waits for a run that was stopped while it was paused, because the run still changes its adapter', async () => {
  const turns = new TrainingTurns();
  const adapter = {} as Adapter;
  const turn = turns.take([adapter], new AbortController().signal);
  const inProgress = new RunsInProgress();
  const run = { control() {}, standstill: { pause: async () => {} } };
  inProgress.runs.set(1, { run, turn, isPaused: false } as unknown as Parameters<typeof inProgress.runs.set>[1]);
  const room = { inProgress } as RunRoom;
  await runCalls.pauseTraining.call(room, 1, 'user');
  await turns.still([adapter], new AbortController().signal);
  await runCalls.controlTraining.call(room, 1, { should_training_stop: true });
  let isStill = false;
  const still = turns.still([adapter], new AbortController().signal).then(() => {
    isStill = true;
  });
  for (let task = 0; task < 10; task++) await undefined;
  expect(isStill).toBe(false);
  turn.end();
  await still;
});
