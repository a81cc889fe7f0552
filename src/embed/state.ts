import type { ElementState } from './public';

/** What happens to it. `left`: what was loaded, or was about to be, is given up. */
export type Happening = 'load' | 'loaded' | 'failed' | 'left' | 'learn' | 'paused' | 'resumed' | 'learnt';

const table: Readonly<Record<ElementState, Readonly<Partial<Record<Happening, ElementState>>>>> = {
  idle: { load: 'loading', failed: 'error' },
  loading: { loaded: 'ready', failed: 'error', left: 'idle' },
  ready: { learn: 'training', failed: 'error', left: 'idle' },
  training: { paused: 'paused', learnt: 'ready', failed: 'error', left: 'idle' },
  paused: { resumed: 'training', learnt: 'ready', failed: 'error', left: 'idle' },
  error: { load: 'loading', left: 'idle' },
};

/** The state after it. What comes too late to matter, such as a pause of a run that has ended, leaves it as it is. */
export function after(state: ElementState, happening: Happening): ElementState {
  return table[state][happening] ?? state;
}
