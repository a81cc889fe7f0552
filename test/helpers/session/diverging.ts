import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import type { ModelSource, TrainEvent, VeraConfigInit } from '../../../src/index';
import { tinyConfig, tinyFiles, tinyTensors } from '../models/tiny_llama';

const config = { ...tinyConfig, tie_word_embeddings: false };

/** Returns the tiny model with an untied head, in which `change` replaces each number of one tensor. */
export function changedBase(name: string, change: (value: number, at: number) => number): ModelSource {
  const tensors = tinyTensors(config);
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`expected a tensor ${name}`);
  tensors.set(name, { ...tensor, bytes: new Uint8Array(toFloat32(tensor).map(change).buffer as ArrayBuffer) });
  return tinyFiles({ config, weights: writeSafetensors(tensors) });
}

/**
 * A model that diverges: its last norm is so large that the gradients of the head's vectors grow with the vectors, without
 * a limit. At a learning rate of 256 the gradients stay finite for a few steps; at 512 they are infinite within 4 steps.
 */
export const steep: { readonly base: ModelSource; readonly config: VeraConfigInit } = {
  base: changedBase('model.norm.weight', (value) => 1e16 * value),
  config: { target_modules: ['lm_head'] },
};

/** Returns the recoveries and warnings among events, in order. */
export function troubles(events: readonly TrainEvent[]): unknown[] {
  return events.flatMap((event): unknown[] => {
    if (event.type === 'recovered') return [[event.state.global_step, event.repeatedSteps]];
    return event.type === 'warning' ? [event.message] : [];
  });
}

export const notFinite = (step: number): string => `Step ${step}: the loss or a gradient isn't finite`;
