import { announce } from '../page/announcer';
import { byId, create, onClick, setShare, setText, show } from '../page/dom';
import { focusWithin } from '../page/focus';
import { BenchMeter } from './meter';
import { BenchRun } from './run';
import * as settings from './settings';
import type { BenchApp } from './state';

/** Reads the settings from the form, runs the measurement, and shows its progress. */
export function runCard({ store, banner }: BenchApp): void {
  const [name, length] = [byId('case', 'select'), byId('length', 'select')];
  const rounds = byId('rounds', 'input');
  const [start, cancel] = [byId('start', 'button'), byId('cancel', 'button')];
  const isFocused = focusWithin(start, cancel);
  let run: BenchRun | undefined;

  name.replaceChildren(...settings.CASE_NAMES.map((value) => option(value, settings.caseLabel(value))));
  length.replaceChildren(...settings.lengths.map((value) => option(String(value), String(value))));

  const showCase = (): void => {
    const chosen = settings.caseName(name.value);
    setText(byId('case-note', 'p'), `${settings.caseFacts(chosen)}.`);
    for (const each of length.options) each.disabled = !settings.takes(chosen, Number(each.value));
    if (length.selectedOptions[0]?.disabled) length.value = String(settings.lengths[0]);
    rounds.value = String(settings.roundsOf(chosen));
    readRounds();
  };

  function readRounds(): number | undefined {
    const problem = settings.roundsProblem(rounds.value);
    rounds.toggleAttribute('aria-invalid', problem !== undefined);
    if (problem !== undefined) rounds.setAttribute('aria-invalid', 'true');
    byId('rounds-note', 'p').className = problem === undefined ? 'note' : 'problem';
    setText(byId('rounds-note', 'p'), problem ?? 'More are steadier, and take longer.');
    return problem === undefined ? Number(rounds.value) : undefined;
  }

  async function measure(): Promise<void> {
    const wanted = readRounds();
    if (wanted === undefined) return rounds.focus();
    banner.clear();
    store.set({ phase: 'running' });
    const meter = new BenchMeter();
    showProgress(undefined, 'Starting…');
    run = new BenchRun();
    let outcome = '';
    try {
      const job = {
        name: settings.caseName(name.value),
        length: Number(length.value),
        rounds: wanted,
        bundled: new URL('models/prose-1.4M/', document.baseURI).href,
        engine: navigator.userAgent,
      };
      const report = await run.start(job, (done, total, what) => {
        if (store.value.phase !== 'running') return;
        const { share, text } = meter.update(done, total, what);
        showProgress(share, text);
      });
      store.set({ report });
      outcome = 'Done. The result is below.';
    } catch (error) {
      outcome = 'The measurement ended early.';
      banner.report(error);
    }
    run = undefined;
    setText(byId('run-status', 'p'), outcome);
    announce(outcome);
    store.set({ phase: 'idle' });
  }

  name.addEventListener('change', showCase);
  rounds.addEventListener('input', readRounds);
  onClick(start, measure);
  onClick(cancel, () => {
    store.set({ phase: 'stopping' });
    setText(byId('run-status', 'p'), 'Stopping…');
    run?.cancel();
  });

  store.watch(({ device, phase }, before) => {
    if (device?.usable && device !== before.device) {
      const { name: suggested, length: tokens } = settings.defaultsFor(device);
      name.value = suggested;
      length.value = String(tokens);
      showCase();
    }
    const idle = phase === 'idle';
    const hadFocus = isFocused();
    for (const control of [name, length, rounds]) control.disabled = !idle;
    start.disabled = device?.usable !== true;
    cancel.disabled = phase === 'stopping';
    show(start, idle);
    show(cancel, !idle);
    show(byId('run-bar', 'progress'), !idle);
    byId('run-card', 'section').dataset.phase = phase;
    if (hadFocus && idle !== (before.phase === 'idle')) (idle ? start : cancel).focus({ preventScroll: true });
  });
  showCase();
}

/** Shows the progress of the run. `share`: from 0 to 1, or undefined while it is unknown. */
function showProgress(share: number | undefined, text: string): void {
  const bar = byId('run-bar', 'progress');
  setShare(bar, share);
  bar.setAttribute('aria-valuetext', text);
  setText(byId('run-status', 'p'), text);
}

function option(value: string, text: string): HTMLOptionElement {
  return create('option', { value, textContent: text });
}
