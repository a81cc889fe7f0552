import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BASE, type Overlay, overlayOf } from '../../src/adapters/layers/overlay';
import { VeraConfig } from '../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../src/adapters/vera/vera_targets';
import { decodeProgram, prefillProgram } from '../../src/generate/generation_program';
import { createGenerationState } from '../../src/generate/generation_state';
import { createLayerCaches } from '../../src/generate/layer_caches';
import { pinned } from '../../src/graph/value';
import { textSizes } from '../../src/models/architecture';
import type { LoadedModel } from '../../src/models/loaded_model';
import { outlineOf } from '../../src/models/outline';
import { createArchitecture } from '../../src/tasks/task_registry';
import { unplacedVera } from '../helpers/session/vera_placer';

const model = createArchitecture(JSON.parse(readFileSync('demo/public/models/prose-1.4M/config.json', 'utf8')));
const loaded: LoadedModel = {
  model,
  weights: new Map(
    model.weights.map(({ name, shape, kind }) => [name, pinned(name, shape, kind === 'matrix' ? 'f16' : 'f32')]),
  ),
  constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])),
};

function withVera(target_modules: string[]): Overlay {
  const { modules, config, max_in, max_out } = resolveVeraTargets(
    new VeraConfig({ r: 64, target_modules }),
    model.modules,
    { model_type: 'llama', output_embedding: model.head.outputEmbedding },
  );
  const adapter = unplacedVera({ config, modules, max_in, max_out });
  return overlayOf([adapter], [adapter]);
}

const all = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];

// The bundled model has six layers.
test.each([
  { name: 'the base model', overlay: BASE, dispatches: 46 },
  { name: 'VeRA on queries and values', overlay: withVera(['q_proj', 'v_proj']), dispatches: 58 },
  { name: 'VeRA on all linear layers', overlay: withVera(all), dispatches: 76 },
])('a token of the bundled model, $name: $dispatches dispatches', ({ overlay, dispatches }) => {
  const { maxLength, vocabSize } = textSizes(model);
  const caches = createLayerCaches(outlineOf(loaded).caches, 1, maxLength);
  const state = createGenerationState(1, maxLength, vocabSize);
  expect(decodeProgram({ loaded, overlay, caches, state, B: 1 }).program.steps).toHaveLength(dispatches);
});

test('without joined steps, a prompt takes more dispatches, and a token as many', () => {
  const { maxLength, vocabSize } = textSizes(model);
  const caches = createLayerCaches(outlineOf(loaded).caches, 1, maxLength);
  const state = createGenerationState(1, maxLength, vocabSize);
  const parts = { overlay: BASE, caches, state, B: 1 };
  const apart = { ...loaded, joinsSteps: false };
  const prompt = (of: LoadedModel): number => prefillProgram({ ...parts, loaded: of }, 16).program.steps.length;
  expect(prompt(apart)).toBeGreaterThan(prompt(loaded) + 6);
  expect(decodeProgram({ ...parts, loaded: apart }).program.steps).toHaveLength(46);
});
