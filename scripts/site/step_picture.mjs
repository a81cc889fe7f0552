// Draws a picture of a training step: the dispatches for a Llama with one layer, planned by the code that plans real runs. No step is run.
// Only Vite can load this module, because it imports TypeScript and WGSL.
import { overlayOf } from '../../src/adapters/layers/overlay';
import { VeraConfig } from '../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../src/adapters/vera/kind';
import { pinned } from '../../src/graph/value';
import { CausalLm } from '../../src/tasks/causal_lm/causal_lm';
import { createArchitecture } from '../../src/tasks/task_registry';
import { lossProgram } from '../../src/train/steps/loss_program';
import { statsValue, stepBlockValue } from '../../src/train/steps/step_block';
import { planAdapters } from '../../src/worker/plans/plan_run';

const MODEL = {
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  intermediate_size: 172,
  vocab_size: 512,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  tie_word_embeddings: true,
};

/** @typedef {{ name: string, of: string }} Dispatch */

/** The dispatches of a step: those before the loss, and those from the loss on. @returns {{ forward: Dispatch[], backward: Dispatch[] }} */
export function dispatchesOfStep() {
  const model = createArchitecture(MODEL);
  const values = (/** @type {readonly { name: string, shape: readonly number[] }[]} */ list) =>
    new Map(list.map(({ name, shape }) => [name, pinned(name, shape)]));
  const loaded = { model, weights: values(model.weights), constants: values(model.constants) };
  const config = new VeraConfig({ r: 64, target_modules: 'all-linear' });
  const [adapter] = planAdapters(loaded, { kind: veraKind, config, count: 1 });
  const training = { grads: new Map([[adapter, pinned('grads', adapter.pool.shape)]]), seed: 0 };
  const state = { block: stepBlockValue(), stats: statsValue(), training };
  const { program } = lossProgram(
    new CausalLm(model),
    loaded,
    overlayOf([adapter], [adapter]),
    { B: 4, T: 256 },
    state,
  );
  const first = program.steps.findIndex(({ kernel }) => kernel.name.startsWith('cross_entropy'));
  const dispatches = program.steps.map((step) => ({
    name: step.kernel.name,
    of: moduleOf(Object.values(step.values)),
  }));
  return { forward: dispatches.slice(0, first), backward: dispatches.slice(first) };
}

/** Returns the name of the module whose weights a dispatch reads. @param {readonly { name: string }[]} values */
function moduleOf(values) {
  const names = values.map(({ name }) => name);
  const tensor = names.find((name) => /\.weight$/.test(name));
  if (tensor !== undefined) return tensor.split('.').at(-2) ?? '';
  return names.some((name) => name.startsWith('vera_A')) ? 'A·x' : '';
}

const [WIDTH, HEIGHT, GAP, TOP] = [310, 24, 6, 40];

/** Returns the picture as SVG. Forward dispatches go down on the left, backward ones up on the right. */
export function stepPicture() {
  const { forward, backward } = dispatchesOfStep();
  const rows = Math.max(forward.length, backward.length);
  const bottom = TOP + rows * (HEIGHT + GAP);
  const down = forward.map((each, index) => box(each, 10, TOP + index * (HEIGHT + GAP)));
  const up = backward.map((each, index) => box(each, WIDTH + 50, bottom - (index + 1) * (HEIGHT + GAP)));
  const [width, height] = [2 * WIDTH + 60, bottom + 10];
  const title = `${forward.length} dispatches forward, ${backward.length} for the loss and backward`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A training step of one layer: ${title}</title>
<style>
  rect.page { fill: #ffffff } text { font: 12px system-ui, sans-serif; fill: #1b1f27 } .of { fill: #4b5261 }
  .vera { fill: #cfe3ff } .loss { fill: #ffd9c7 } .base { fill: #e9ecf1 } .head { font-weight: 600; font-size: 14px }
</style>
<rect class="page" width="${width}" height="${height}" rx="8"/>
<text class="head" x="10" y="24">forward ↓</text>
<text class="head" x="${WIDTH + 50}" y="24">backward ↑, from the loss below</text>
${[...down, ...up].join('\n')}
</svg>
`;
}

/** @param {Dispatch} dispatch @param {number} x @param {number} y */
function box({ name, of }, x, y) {
  const kind = /vera/.test(name) ? 'vera' : /cross_entropy/.test(name) ? 'loss' : 'base';
  return `<rect class="${kind}" x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="4"/><text x="${x + 8}" y="${y + 16}">${name} <tspan class="of">${of}</tspan></text>`;
}
