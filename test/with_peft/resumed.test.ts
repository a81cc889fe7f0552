import { join } from 'node:path';
import { expect, test } from 'vitest';
import { export_run, get_peft_model, VeraConfig } from '../../src/index';
import { largestDifference, tokensOf } from '../helpers/golden/golden';
import { writeFolder } from '../helpers/session/exported_run';
import { BothSides } from './lib/both_sides';
import { families } from './lib/families';
import { describeWithPeft } from './lib/peft';
import { plainTrainer } from './lib/training';

/** Weight decay is on, so that the test also covers an update that doesn't depend on AdamW's moments. */
const LEARNING = { learning_rate: 1e-2, weight_decay: 0.1, max_steps: 20, save_strategy: 'no' } as const;

describeWithPeft.each(families)('$golden', async ({ golden: name, whole }) => {
  const { golden, base, inPeft, peft, folders } = await BothSides.open(name, LEARNING);
  const { batch, train_batches: batches } = golden.inputs;

  test('ten steps here and ten in PEFT, from AdamW’s state by torch’s names, are twenty here', async () => {
    const config = { ...golden.vera_config, modules_to_save: [whole] };
    const vera = await get_peft_model(base, new VeraConfig(config));
    const trainer = plainTrainer(vera, batches, LEARNING);
    const run = trainer.train();
    const losses: number[] = [];
    let exported: ReadonlyMap<string, Blob> = new Map();
    for await (const event of run) {
      if (event.type !== 'log') continue;
      losses.push(event.logs.loss);
      if (event.logs.step < 8 || exported.size > 0) continue;
      await run.pause();
      exported = await export_run({ model: vera, trainer });
      await run.resume();
    }
    const [config_path] = [...exported.keys()].filter((path) => path.endsWith('/adapter_config.json'));
    const done = Number(/^checkpoint-(\d+)\//.exec(config_path ?? '')?.[1]);
    // A paused run has finished the steps that were already submitted.
    expect(done).toBeGreaterThanOrEqual(8);
    expect(done).toBeLessThan(16);
    expect(losses).toHaveLength(20);

    const folder = folders.make();
    await writeFolder(folder, exported);
    const [out, adapter] = [folders.make(), join(folder, `checkpoint-${done}`)];
    const { learning_rate, weight_decay } = LEARNING;
    const there = await peft.train({
      base: inPeft,
      adapter,
      batches,
      learning_rate,
      weight_decay,
      moments: join(adapter, 'optimizer.safetensors'),
      done,
      steps: 20 - done,
      out,
    });
    expect(largestDifference(there.losses, losses.slice(done))).toBeLessThanOrEqual(
      golden.expect.train[0]!.tolerance.losses_abs,
    );
    const theirs = await peft.forward({ base: inPeft, adapter: out, batch });
    const { logits, loss } = await vera.forward(batch);
    const isToken = tokensOf(batch, Number(base.config.vocab_size));
    expect(largestDifference(logits.data, theirs.logits, isToken)).toBeLessThanOrEqual(golden.tolerance.logits_abs);
    expect(Math.abs(loss! - theirs.loss)).toBeLessThanOrEqual(golden.tolerance.loss_abs);

    // Training without the moments gives other results.
    const without = await peft.train({
      base: inPeft,
      adapter,
      batches: [...batches.slice(done % batches.length), ...batches.slice(0, done % batches.length)],
      learning_rate,
      weight_decay,
      steps: 20 - done,
    });
    expect(largestDifference(without.losses, losses.slice(done))).toBeGreaterThan(
      5 * golden.expect.train[0]!.tolerance.losses_abs,
    );
  });
});
