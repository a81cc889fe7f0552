import { afterAll, expect, test } from 'vitest';
import { get_peft_model, VeraConfig, VeraModel } from '../../src/index';
import { goldenCase, largestDifference } from '../helpers/golden/golden';
import { loadBase, openTestSession } from '../helpers/session/session';
import { basePath, droppedFiles, Folders } from './lib/folders';
import { describeWithPeft, Peft } from './lib/peft';
import { trainHere } from './lib/training';

/** Classifiers whose heads are trained in full, in addition to VeRA's vectors. */
const classifiers = [
  { name: 'gpt2_seqcls_mid', target_modules: ['c_attn'], fan_in_fan_out: true },
  { name: 'llama_seqcls_mid', target_modules: ['q_proj', 'down_proj'] },
  { name: 'bert_seqcls_mid', target_modules: ['query', 'value', 'intermediate.dense'] },
  { name: 'roberta_regression_mid', target_modules: ['query', 'output.dense'] },
  { name: 'distilbert_seqcls_mid', target_modules: ['q_lin', 'ffn.lin2'] },
  { name: 'modernbert_seqcls_mid', target_modules: ['Wqkv', 'Wo'] },
  { name: 'gemma3_both_ways_seqcls_mid', target_modules: ['q_proj', 'down_proj'] },
  // Both layers of this head train whole, and PEFT's own 'all-linear' fails for it.
  { name: 'distilbert_seqcls_mid', target_modules: 'all-linear' },
];
const LEARNING = { learning_rate: 1e-2, max_steps: 5 } as const;

describeWithPeft.each(classifiers)('$name on $target_modules', async ({ name, ...config }) => {
  const golden = goldenCase(name);
  const { tolerance } = golden;
  const { batch, train_batches: batches } = golden.inputs;
  const { losses_abs } = golden.expect.train[0]!.tolerance;
  const opened = await openTestSession();
  const base = await loadBase(opened, name);
  const peft = new Peft();
  const folders = new Folders();
  const inPeft = basePath(golden.base);
  const forward = async (model: VeraModel) => {
    const { logits, loss } = await model.forward({ ...batch, labels: batch.labels as readonly number[] });
    return { logits: logits.data, loss: loss! };
  };
  afterAll(async () => {
    peft.close();
    await opened.session.close();
  });

  test('an adapter trained here opens in PEFT, computes the same, trains on alike, and opens here again', async () => {
    const vera = await get_peft_model(base, new VeraConfig({ r: 8, ...config, task_type: 'SEQ_CLS' }));
    await trainHere(vera, batches, LEARNING);
    const adapter = await folders.write(Object.entries(await vera.save_pretrained()));
    const theirs = await peft.forward({ base: inPeft, adapter, batch });
    const ours = await forward(vera);
    expect(largestDifference(ours.logits, theirs.logits)).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(ours.loss - theirs.loss)).toBeLessThanOrEqual(tolerance.loss_abs);

    const out = folders.make();
    const { max_steps: steps, learning_rate } = LEARNING;
    const { losses } = await peft.train({ base: inPeft, adapter, batches, learning_rate, steps, out });
    expect(largestDifference(await trainHere(vera, batches, LEARNING), losses)).toBeLessThanOrEqual(losses_abs);

    const back = await VeraModel.from_pretrained(base, await droppedFiles(out));
    const further = await peft.forward({ base: inPeft, adapter: out, batch });
    expect(largestDifference((await forward(back)).logits, further.logits)).toBeLessThanOrEqual(tolerance.logits_abs);
  });
});
