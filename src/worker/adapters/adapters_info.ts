import { numel } from '../../core/numbers/shape';
import type { AdaptersInfo, Handle } from '../protocol';
import type { ModelAdapters } from './model_adapters';

/** A model with adapters as the page sees it. */
export function adaptersInfo(of: ModelAdapters, model: Handle): AdaptersInfo {
  const { adapters, active, merged, enabled } = of;
  const base = of.base.loaded.model.weights.reduce((sum, { shape }) => sum + numel(shape), 0);
  const learning = adapters.filter(({ name, trainable }) => trainable && active.includes(name));
  // PEFT counts like this: a bias trains in place, a module saved whole is a copy beside the original.
  const biases = adapters.flatMap(({ tensors }) =>
    [...tensors.values()].map(({ kind, value }) => (kind === 'bias' ? numel(value.shape) : 0)),
  );
  return {
    model,
    adapters: Object.fromEntries(
      adapters.map((adapter) => {
        const { name, config, trainable, modules } = adapter;
        return [name, { config: { ...config }, trainable, modules: [...modules.keys()] }];
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
