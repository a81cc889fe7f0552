import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, export_run, get_peft_model, VeraConfig } from '../../src/index';
import { goldenBase, goldenCase, largestDifference, tokensOf } from '../helpers/golden/golden';
import { writeFolder } from '../helpers/session/exported_run';
import { openTestSession } from '../helpers/session/session';
import { families } from './lib/families';
import { basePath, Folders } from './lib/folders';
import { describeWithPeft, Peft } from './lib/peft';
import { plainTrainer } from './lib/training';

/** With weight decay, which the moments alone don't tell. */
const LEARNING = { learning_rate: 1e-2, weight_decay: 0.1, max_steps: 20, save_strategy: 'no' } as const;

describeWithPeft.each(families)('$golden', async ({ golden: name, whole }) => {
  const golden = goldenCase(name);
  const { batch, train_batches: batches } = golden.inputs;
  const opened = await openTestSession();
  const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session: opened.session });
  const peft = new Peft();
  const folders = new Folders();
  afterAll(async () => {
    peft.close();
    await opened.session.close();
  });

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
    // A run that is paused has taken the steps that were submitted.
    expect(done).toBeGreaterThanOrEqual(8);
    expect(done).toBeLessThan(16);
    expect(losses).toHaveLength(20);

    const folder = folders.make();
    await writeFolder(folder, exported);
    const [out, adapter] = [folders.make(), join(folder, `checkpoint-${done}`)];
    const { learning_rate, weight_decay } = LEARNING;
    const there = await peft.train({
      base: basePath(golden.base),
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
    const theirs = await peft.forward({ base: basePath(golden.base), adapter: out, batch });
    const { logits, loss } = await vera.forward(batch);
    const isToken = tokensOf(batch, Number(base.config.vocab_size));
    expect(largestDifference(logits.data, theirs.logits, isToken)).toBeLessThanOrEqual(golden.tolerance.logits_abs);
    expect(Math.abs(loss! - theirs.loss)).toBeLessThanOrEqual(golden.tolerance.loss_abs);

    // Without the moments it would show.
    const without = await peft.train({
      base: basePath(golden.base),
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
