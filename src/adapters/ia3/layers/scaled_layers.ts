import type { Value } from '../../../graph/value';
import { type Layers, layersOver } from '../../../models/layers';

/** The vectors that scale linear layers, by module name. */
export interface LayerScales {
  /** Returns the scaled input, or x itself if no vector scales it. */
  input(name: string, x: Value): Value;
  /** Returns the function that scales the output and adds the residual; undefined if no vector scales the output. */
  output(name: string): ((y: Value, residual: Value | undefined) => Value) | undefined;
}

/**
 * Returns layers that compute y = l ⊙ (x·Wᵀ + bias) + residual for a scaled output, and y = (l ⊙ x)·Wᵀ + bias + residual for a scaled
 * input. All other layers are those of `base`.
 */
export function scaledLayers(base: Layers, scales: LayerScales): Layers {
  return layersOver(base, (uses, x) => {
    const inputs = uses.map(({ name }) => scales.input(name, x));
    const results: Value[] = [];
    // Layers with the same input share work in their backward passes, so they are applied together.
    for (const input of new Set(inputs)) {
      const together = [...uses.entries()].filter(([index]) => inputs[index] === input);
      const made = base.apply(
        together.map(([, use]) => (scales.output(use.name) === undefined ? use : { name: use.name })),
        input,
      );
      made.forEach((y, at) => {
        const [index = 0, { name, residual } = { name: '' }] = together[at] ?? [];
        results[index] = scales.output(name)?.(y, residual) ?? y;
      });
    }
    return results;
  });
}
