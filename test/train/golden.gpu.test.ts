import { describe, expect, test } from 'vitest';
import type { Adapter } from '../../src/adapters/adapter';
import { BASE, overlayOf } from '../../src/adapters/layers/overlay';
import { LAYER_MODES, type LayerMode } from '../../src/adapters/layers/training_layers';
import { largestDifference, tokensOf } from '../helpers/golden/golden';
import { allGoldenCases, goldenNames, isKeyCase } from '../helpers/golden/golden_index';
import { ofRing, quickOf } from '../helpers/ring';
import { type Case, forward, gradients, openBench, place, tenSteps, trainedNumbers } from './golden_bench';

const names = allGoldenCases().map(({ name }) => name);
const keyCases = new Set(goldenNames(isKeyCase));
const cases = names.map((name): Case => ({ name, split: [] }));

/** Cases with some tensors in shards, as on a device whose largest binding holds 64 rows. */
const splitCases: readonly Case[] = [
  { name: 'llama_qvud_big', split: ['lm_head.weight', 'model.embed_tokens.weight'], columns: 32 },
  { name: 'llama3_tied_mid', split: ['model.embed_tokens.weight'], columns: 32 },
  { name: 'gpt2_all_mid', split: ['transformer.wte.weight'], columns: 32 },
  { name: 'opt_postnorm_mid', split: ['model.decoder.embed_tokens.weight'], columns: 16 },
];

/** The cases of `npm run test:quick`: a decoder, GPT-2 and an encoder. */
const QUICK: readonly string[] = ['llama_qvud_big', 'gpt2_all_mid', 'bert_seqcls_mid'];
const isQuick = ({ name, split }: Case): boolean => split.length === 0 && QUICK.includes(name);
/** Whether `npm test` runs a case in a mode (a way to compute adapted layers). Key cases run in all modes, all others in one, in turn. */
const isOfMode = (name: string, mode: LayerMode): boolean =>
  keyCases.has(name) || LAYER_MODES[names.indexOf(name) % LAYER_MODES.length] === mode;

describe.each(quickOf([...cases, ...splitCases], isQuick))('$name, split: $split', async (given) => {
  const bench = await openBench(given);
  const { golden, tensors } = bench;
  const { tolerance } = golden;
  const { task, head } = bench.loaded.model;
  const modes = bench.kind.Config.rules.peft_type === 'VERA' ? LAYER_MODES : (['unmerged'] as const);
  const isToken = task.labels === 'of tokens' ? tokensOf(golden.inputs.batch, head.outputs) : () => true;

  test('the tensors in shards', () => {
    const { weights } = bench.loaded;
    expect([...weights].filter(([, { shards }]) => shards !== undefined).map(([name]) => name)).toEqual(given.split);
  });

  const forwards = [
    { figure: 'base', over: () => BASE },
    { figure: 'init', over: (adapter: Adapter) => overlayOf([adapter], [adapter]) },
    { figure: 'random', over: (adapter: Adapter) => overlayOf([adapter], [adapter]) },
    { figure: 'disabled', over: (adapter: Adapter) => overlayOf([adapter], []) },
  ] as const;
  test.each(ofRing(forwards))('forward: $figure', async ({ figure, over }) => {
    const adapter = await place(bench, figure === 'init' ? 'init' : 'random');
    const { logits, loss } = await forward(bench, over(adapter));
    // A golden case doesn't store logits that equal the base model's. If trained biases stay in effect while adapters are
    // disabled, only the loss is stored.
    const isBase = golden.expect[figure].loss === golden.expect.base.loss;
    const expected = tensors.get(`${figure}.logits`) ?? (isBase ? tensors.get('base.logits') : undefined);
    if (expected !== undefined || isBase)
      expect(largestDifference(logits, expected!, isToken)).toBeLessThanOrEqual(tolerance.logits_abs);
    expect(Math.abs(loss - golden.expect[figure].loss)).toBeLessThanOrEqual(tolerance.loss_abs);
  });

  test.runIf([...tensors.keys()].some((name) => name.startsWith('init.state.')))(
    'begins as PEFT does, to the bit but for the lengths of rows, which are sums',
    async () => {
      const numbers = await trainedNumbers(bench, await place(bench, 'init'));
      const own = [...numbers].filter(([name]) => bench.resolved.layout.parameters.has(name));
      expect(own.length).toBeGreaterThan(0);
      for (const [name, values] of own) {
        if (name.endsWith('.lora_magnitude_vector')) {
          // Each number is a norm over up to 256 numbers. Their squares are summed in f32, in another order than in torch.
          const expected = tensors.get(`init.state.${name}`)!;
          expect(largestDifference(values, expected), name).toBeLessThanOrEqual(2e-6 * Math.max(...expected));
          continue;
        }
        expect(values, name).toEqual(tensors.get(`init.state.${name}`) ?? new Float32Array(values.length));
      }
    },
  );

  const figures = (['init', 'random'] as const).flatMap((figure) => modes.map((mode) => [figure, mode] as const));
  const isTested = ([, mode]: readonly [string, LayerMode, ...unknown[]]): boolean =>
    modes.length === 1 || isOfMode(given.name, mode);
  const ofMode = { test: isTested };
  test.each(ofRing(figures, ofMode))('gradients: %s, %s', async (figure, mode) => {
    const { grads, norm } = await gradients(bench, await place(bench, figure), mode);
    for (const parameter of Object.keys(golden.trainable)) {
      const difference = largestDifference(grads.get(parameter)!, tensors.get(`${figure}.grad.${parameter}`)!);
      expect(difference, parameter).toBeLessThanOrEqual(tolerance.grad_abs);
    }
    if (figure === 'random')
      expect(Math.abs(norm - golden.expect.random.grad_norm)).toBeLessThanOrEqual(tolerance.grad_abs);
  });

  const runs = golden.expect.train.flatMap((training) => modes.map((mode) => [training.id, mode, training] as const));
  test.each(ofRing(runs, ofMode))('ten steps: %s, %s', async (_, mode, training) => {
    const adapter = await place(bench, training.start);
    const { losses, norms } = await tenSteps(bench, adapter, training, mode);
    expect(largestDifference(losses, training.losses)).toBeLessThanOrEqual(training.tolerance.losses_abs);
    // Golden cases have no tolerance for gradient norms, so the tolerance of gradients is used.
    expect(largestDifference(norms, training.grad_norms)).toBeLessThanOrEqual(tolerance.grad_abs);
    const final = await trainedNumbers(bench, adapter);
    for (const [parameter, vector] of final) {
      const allowed = training.tolerance.final_abs[parameter] ?? training.tolerance.final_abs_default;
      const expected = tensors.get(`train.${training.id}.final.${parameter}`)!;
      expect(largestDifference(vector, expected), parameter).toBeLessThanOrEqual(allowed);
    }
  });
});
