import { checkpoints } from 'webvera';
import { act } from '../../page/act';
import { byId, onClick, setText, show } from '../../page/dom';
import { formatCount } from '../../page/format';
import type { App } from '../app';
import { canGoOn, missingToGoOn } from '../state';
import { forget, type Interrupted, recall, remember } from './interrupted';

/** The lock that a tab holds during a training run. While it is held, the run that `recall` returns is in progress, not interrupted. */
const LOCK = 'webvera-demo:lesson';
/** The name of the adapter that this page trains. Other pages of the site may train adapters with other names. */
const DEFAULT = 'default';

/** Stores the progress of a training run, so that a later visit can resume it. */
export interface InterruptedNote {
  /** Called when a training run starts. `isNew`: the run replaces an interrupted run, rather than resuming it. */
  begin(isNew: boolean): void;
  keep(run: Interrupted): void;
  /** Called when the run ends. `goesOn`: the run was interrupted and can be resumed. */
  end(goesOn: boolean): void;
}

/** Offers to resume an interrupted training run. */
export function interruptedNote(app: App, goOn: (run: Interrupted) => void): InterruptedNote {
  const { store, sessions } = app;
  const button = byId('go-on', 'button');
  let release = (): void => {};
  const forgetIt = (): void => {
    forget();
    store.set({ interrupted: undefined });
  };
  onClick(button, () => {
    const { interrupted } = store.value;
    if (interrupted !== undefined) goOn(interrupted);
  });
  onClick(byId('let-go', 'button'), async () => {
    await act(app, async () => {
      // If a training run is in progress in another tab, its stored data and the checkpoints belong to that tab.
      if (await isRunElsewhere()) return store.set({ interrupted: undefined });
      forgetIt();
      const session = await sessions.get();
      for (const { id, adapter_names } of await checkpoints.list({ session }))
        if (adapter_names.every((name) => name === DEFAULT)) await checkpoints.delete(id, { session });
    });
    const start = byId('start', 'button');
    (start.disabled ? byId('text-input', 'textarea') : start).focus();
  });
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
  void isRunElsewhere().then((isIt) => isIt || store.set({ interrupted: recall() }));
  return {
    begin: (isNew) => {
      if (isNew) forgetIt();
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      void navigator.locks?.request(LOCK, { mode: 'shared' }, () => held);
    },
    keep: remember,
    end: (goesOn) => {
      release();
      if (goesOn) store.set({ interrupted: recall() });
      else forgetIt();
    },
  };
}

/** Whether a training run is in progress in another tab. */
async function isRunElsewhere(): Promise<boolean> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.some(({ name }) => name === LOCK);
}
