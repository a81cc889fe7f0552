import type { ElementState } from './public';

/** A change of the element's state. `left`: the model was released, or its loading was stopped. */
export type Happening = 'load' | 'loaded' | 'failed' | 'left' | 'learn' | 'paused' | 'resumed' | 'learnt';

const table: Readonly<Record<ElementState, Readonly<Partial<Record<Happening, ElementState>>>>> = {
  idle: { load: 'loading', failed: 'error' },
  loading: { loaded: 'ready', failed: 'error', left: 'idle' },
  ready: { learn: 'training', failed: 'error', left: 'idle' },
  training: { paused: 'paused', learnt: 'ready', failed: 'error', left: 'idle' },
  paused: { resumed: 'training', learnt: 'ready', failed: 'error', left: 'idle' },
  error: { load: 'loading', left: 'idle' },
};

/** The state after a change. A change that comes too late, such as a pause of a run that has ended, keeps the state. */
export function after(state: ElementState, happening: Happening): ElementState {
  return table[state][happening] ?? state;
}
