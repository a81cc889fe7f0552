import type { ElementState } from './public';

/** A transition of the element's state. `left`: the model was released, or its loading was stopped. */
export type Happening = 'load' | 'loaded' | 'failed' | 'left' | 'learn' | 'paused' | 'resumed' | 'learnt';

const table: Readonly<Record<ElementState, Readonly<Partial<Record<Happening, ElementState>>>>> = {
  idle: { load: 'loading', failed: 'error' },
  loading: { loaded: 'ready', failed: 'error', left: 'idle' },
  ready: { learn: 'training', failed: 'error', left: 'idle' },
  training: { paused: 'paused', learnt: 'ready', failed: 'error', left: 'idle' },
  paused: { resumed: 'training', learnt: 'ready', failed: 'error', left: 'idle' },
  error: { load: 'loading', left: 'idle' },
};

/** Returns the state after a transition. A late transition, such as a pause of a run that has ended, doesn't change the state. */
export function after(state: ElementState, happening: Happening): ElementState {
  return table[state][happening] ?? state;
}
