import { announce } from '../page/announcer';
import type { Banner } from '../page/banner';
import type { Confirm } from '../page/confirm';
import { byId, onClick, setText, show } from '../page/dom';
import { focusWithin, landOn } from '../page/focus';
import type { Store } from '../page/store';
import type { Training, TrainingPhase } from './training';

/** The parts of a page that has a training run. */
interface RunPage<State extends object> {
  readonly store: Store<State>;
  readonly banner: Banner;
  readonly confirm: Confirm;
}

interface Steered<State> {
  start(): unknown;
  canStart(state: State): boolean;
  /** The current training run. */
  training(): Training | undefined;
  /** Cancels the training run, or the preparations before it. */
  cancel(): void;
}

/** Sets up the buttons that start and control a training run. */
export function runButtons<State extends { readonly phase: TrainingPhase }>(
  { store, banner, confirm }: RunPage<State>,
  { start, canStart, training, cancel: cancelRun }: Steered<State>,
): void {
  const [startButton, pause] = [byId('start', 'button'), byId('pause', 'button')];
  const [stop, cancel] = [byId('stop', 'button'), byId('cancel', 'button')];

  const isFocused = focusWithin(byId('train-actions', 'div'));
  const isPauseFocused = focusWithin(pause);

  onClick(startButton, start);
  onClick(pause, () =>
    (store.value.phase === 'paused' ? training()?.resume() : training()?.pause())?.catch((error: unknown) =>
      banner.report(error),
    ),
  );
  onClick(stop, () =>
    training()
      ?.stop()
      .catch(() => {}),
  ); // the run itself reports its error
  onClick(cancel, async () => {
    const sure = await confirm.ask({
      title: 'Cancel this run?',
      text: 'What it has learnt so far is thrown away. “Stop and keep” ends it without loss.',
      yes: 'Cancel the run',
      no: 'Go on',
    });
    if (sure) cancelRun();
  });
  window.addEventListener('beforeunload', (event) => {
    if (store.value.phase !== 'idle') event.preventDefault();
  });

  store.watch((state, before) => {
    const { phase } = state;
    const idle = phase === 'idle';
    const hadFocus = isFocused();
    byId('train-card', 'section').dataset.phase = phase;
    show(startButton, idle);
    for (const button of [pause, stop, cancel]) show(button, !idle);
    // A run that has ended or is stopping can't be cancelled any more, so the question is closed.
    if (phase !== before.phase && (idle || phase === 'stopping')) confirm.dismiss();
    startButton.disabled = !canStart(state);
    const wasDisabled = pause.disabled;
    for (const button of [pause, stop]) button.disabled = phase !== 'running' && phase !== 'paused';
    setText(pause, phase === 'paused' ? 'Resume' : 'Pause');
    if (wasDisabled && !pause.disabled && isPauseFocused()) landOn(pause);
    announceChange(phase, before.phase);
    cancel.disabled = phase === 'stopping';
    if (hadFocus && idle !== (before.phase === 'idle')) (idle ? startButton : cancel).focus({ preventScroll: true });
  });
}

function announceChange(phase: TrainingPhase, before: TrainingPhase): void {
  if (phase === 'paused' && before !== 'paused') announce('Paused.');
  if (phase === 'running' && before === 'paused') announce('Resumed.');
}
