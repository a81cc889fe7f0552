import { onChosen } from '../../parts/files';
import { confirmation, FORGETTING, REPLACING } from './confirm';
import { button, buttons, create, filePicker, quiet, setText, show, stack } from './panel_elements';
import { hasLearnt, keptInWords, learntInWords } from './panel_words';
import { type Actions, firstUsable, type Region } from './region';

/** Creates the region for the stored profile: its size, its history, and the buttons to undo a lesson, export, import and forget. */
export function keptRegion(actions: Actions): Region {
  const picker = filePicker('.json,.jsonl,.safetensors,.npy', true);
  const summary = create('p');
  const learnt = quiet();
  const undo = button('Undo the last lesson', actions.rollback);
  const exporting = button('Export', actions.export);
  const importing = button('Import…', () => picker.click());
  const forget = button('Forget everything…', () => question.ask(), 'danger');
  const row = buttons(undo, exporting, importing, forget, picker);
  const question = confirmation(FORGETTING, row, (answer) => {
    if (answer) actions.forget();
    else forget.focus();
  });
  /** The chosen files, until the visitor answers whether they may replace what is stored. */
  let chosen: readonly File[] = [];
  const replacing = confirmation(REPLACING, row, (answer) => {
    if (answer) actions.import(chosen);
    importing.focus();
  });
  let hasAny = false;
  onChosen(picker, (files) => {
    chosen = files;
    if (hasAny) replacing.ask();
    else actions.import(files);
  });
  return {
    root: stack('kept', create('h3', {}, 'What it keeps'), summary, learnt, row, question.root, replacing.root),
    update({ learner: { visit, watch, status }, isGone }) {
      const info = visit?.profile?.info;
      const { run } = watch;
      const history = info?.history ?? [];
      hasAny = info !== undefined && hasLearnt(info);
      setText(summary, keptInWords(info, status.hasNoStorage));
      setText(learnt, learntInWords(history));
      show(learnt, learnt.textContent !== '');
      show(undo, info?.can_roll_back === true && run === undefined);
      show(exporting, hasAny);
      show(importing, run === undefined);
      show(forget, hasAny);
      if (hasAny && !isGone) return;
      question.close();
      replacing.close();
    },
    landing: () => firstUsable(question.landing, replacing.landing, forget, exporting, importing),
  };
}
