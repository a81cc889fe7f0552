import { byId, onClick, setText, show } from '../../page/dom';
import { formatCount } from '../../page/format';
import type { App } from '../app';
import { canGoOn, missingToGoOn } from '../state';
import { forget, type Interrupted, recall, remember } from './interrupted';

/** Stores the progress of a run, so that a later visit can resume it. */
export interface InterruptedNote {
  /** A run starts. It replaces an earlier interrupted run. */
  begin(): void;
  keep(run: Interrupted): void;
  /** The run ended. `goesOn`: it was interrupted and can be resumed. */
  end(goesOn: boolean): void;
}

/** Offers to resume an interrupted run. */
export function interruptedNote({ store }: App, goOn: (run: Interrupted) => void): InterruptedNote {
  const button = byId('go-on', 'button');
  const forgetIt = (): void => {
    forget();
    store.set({ interrupted: undefined });
  };
  onClick(button, () => {
    const { interrupted } = store.value;
    if (interrupted !== undefined) goOn(interrupted);
  });
  onClick(byId('let-go', 'button'), forgetIt);
  store.watch((state) => {
    const { interrupted, phase } = state;
    show(byId('interrupted', 'div'), interrupted !== undefined && phase === 'idle');
    button.disabled = !canGoOn(state);
    if (interrupted === undefined) return;
    const { name, step, settings } = interrupted;
    const stopped = `“${name}” stopped at step ${formatCount(step)} of ${formatCount(settings.max_steps)}.`;
    const missing = new Intl.ListFormat('en').format(missingToGoOn(state));
    setText(byId('interrupted-text', 'p'), missing === '' ? stopped : `${stopped} To go on, choose ${missing} again.`);
  });
  store.set({ interrupted: recall() });
  return {
    begin: forgetIt,
    keep: remember,
    end: (goesOn) => (goesOn ? store.set({ interrupted: recall() }) : forgetIt()),
  };
}
