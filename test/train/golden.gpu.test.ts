import { describe, expect, test } from 'vitest';
import { BASE, overlayOf } from '../../src/adapters/overlay';
import { LAYER_MODES } from '../../src/adapters/training_layers';
import type { VeraAdapter } from '../../src/adapters/vera/vera_adapter';
import { largestDifference, tokensOf } from '../helpers/golden';
import { type Case, forward, gradients, openBench, place, tenSteps, trainedNumbers } from './golden_bench';

const cases = [
  'llama_layer0_small',
  'llama_qvud_big',
  'llama3_tied_mid',
  'llama_bf16_mid',
  'qwen2_bias_mid',
  'qwen2_f16_shards_small',
  'qwen3_mid',
  'mistral_window_mid',
  'phi3_fused_mid',
  'gemma_mid',
  'gemma2_capped_mid',
  'gemma3_mid',
  'falcon_default_mid',
  'falcon_new_all_mid',
  'falcon_alibi_left_mid',
  'gpt2_all_mid',
  'gpt2_layer1_small',
  'gpt2_bare_notask',
  'opt_bias_mid',
  'opt_left_big',
  'opt_postnorm_mid',
  'gpt2_seqcls_mid',
  'llama_seqcls_mid',
  'bert_seqcls_mid',
  'roberta_seqcls_big',
  'distilbert_seqcls_mid',
  'roberta_regression_mid',
  'vit_mid',
  'vit_v4names_mid',
].map((name): Case => ({ name, split: [] }));

/** Again with some tensors in shards, as on a device that binds no more than 64 of their rows. */
const splitCases: readonly Case[] = [
  { name: 'llama_qvud_big', split: ['lm_head.weight', 'model.embed_tokens.weight'], columns: 32 },
  { name: 'llama3_tied_mid', split: ['model.embed_tokens.weight'], columns: 32 },
  { name: 'gpt2_all_mid', split: ['transformer.wte.weight'], columns: 32 },
  { name: 'opt_postnorm_mid', split: ['model.decoder.embed_tokens.weight'], columns: 16 },
];

describe.each([...cases, ...splitCases])('$name, split: $split', async (given) => {
  const bench = await openBench(given);
  const { golden, tensors } = bench;
  const { tolerance } = golden;
  const { task, head } = bench.loaded.model;
  const isToken = task === 'causal_lm' ? tokensOf(golden.inputs.batch, head.outputs) : () => true;

  test('the tensors in shards', () => {
    const { weights } = bench.loaded;
    expect([...weights].filter(([, { shards }]) => shards !== undefined).map(([name]) => name)).toEqual(given.split);
  });

  test.each([
    { figure: 'base', over: () => BASE },
    { figure: 'init', over: (adapter: VeraAdapter) => overlayOf([adapter], [adapter]) },
    { figure: 'random', over: (adapter: VeraAdapter) => overlayOf([adapter], [adapter]) },
    { figure: 'disabled', over: (adapter: VeraAdapter) => overlayOf([adapter], []) },
  ] as const)('forward: $figure', async ({ figure, over }) => {
    const adapter = await place(bench, figure === 'init' ? 'init' : 'random');
    const { logits, loss } = await forward(bench, over(adapter));
    // Left out where they equal the base's; disabled ones also where biases stay, and then the loss alone is there.
    const isBase = golden.expect[figure].loss === golden.expect.base.loss;
    const expected = tensors.get(`${figure}.logits`) ?? (isBase ? tensors.get('base.logits') : undefined);
    if (expected !== undefined || isBase)
      expect(largestDifference(logits, expected!, isToken)).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(loss - golden.expect[figure].loss)).toBeLessThanOrEqual(tolerance.loss_abs);
  });

  const figures = (['init', 'random'] as const).flatMap((figure) => LAYER_MODES.map((mode) => [figure, mode] as const));
  test.each(figures)('gradients: %s, %s', async (figure, mode) => {
    const { grads, norm } = await gradients(bench, await place(bench, figure), mode);
    for (const parameter of Object.keys(golden.trainable)) {
      const difference = largestDifference(grads.get(parameter)!, tensors.get(`${figure}.grad.${parameter}`)!);
      expect(difference, parameter).toBeLessThanOrEqual(tolerance.grad_abs);
    }
    if (figure === 'random')
      expect(Math.abs(norm - golden.expect.random.grad_norm)).toBeLessThanOrEqual(tolerance.grad_abs);
  });

  const runs = golden.expect.train.flatMap((training) =>
    LAYER_MODES.map((mode) => [training.id, mode, training] as const),
  );
  test.each(runs)('ten steps: %s, %s', async (_, mode, training) => {
    const adapter = await place(bench, training.start);
    const { losses, norms } = await tenSteps(bench, adapter, training, mode);
    expect(largestDifference(losses, training.losses)).toBeLessThanOrEqual(training.tolerance.losses_abs);
    // Norms have no tolerance of their own: theirs is that of a gradient.
    expect(largestDifference(norms, training.grad_norms)).toBeLessThanOrEqual(tolerance.grad_abs);
    const final = await trainedNumbers(bench, adapter);
    for (const [parameter, vector] of final) {
      const allowed = training.tolerance.final_abs[parameter] ?? training.tolerance.final_abs_default;
      const expected = tensors.get(`train.${training.id}.final.${parameter}`)!;
      expect(largestDifference(vector, expected), parameter).toBeLessThanOrEqual(allowed);
    }
  });
});
