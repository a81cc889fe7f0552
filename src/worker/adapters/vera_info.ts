import { asVera } from '../../adapters/vera/vera_on_model';
import { numel } from '../../core/numbers/shape';
import type { Handle, VeraInfo } from '../protocol';
import type { VeraState } from './vera_state';

/** A VeRA model as the page sees it. */
export function veraInfo(vera: VeraState, model: Handle): VeraInfo {
  const { adapters, active, merged, enabled } = vera;
  const base = vera.base.loaded.model.weights.reduce((sum, { shape }) => sum + numel(shape), 0);
  const learning = adapters.filter(({ name, trainable }) => trainable && active.includes(name));
  // As PEFT counts: a bias trains in place, a module saved whole is a copy beside the original.
  const biases = adapters.flatMap(({ tensors }) =>
    [...tensors.values()].map(({ kind, value }) => (kind === 'bias' ? numel(value.shape) : 0)),
  );
  return {
    model,
    adapters: Object.fromEntries(
      adapters.map((adapter) => {
        const { name, trainable, modules } = adapter;
        return [name, { config: { ...asVera(adapter).config }, trainable, modules: [...modules.keys()] }];
      }),
    ),
    active,
    merged,
    enabled,
    parameters: {
      trainable: sum(learning.map(({ layout }) => layout.trainable)),
      all: base + sum(adapters.map(({ layout }) => layout.trainable)) - sum(biases),
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
