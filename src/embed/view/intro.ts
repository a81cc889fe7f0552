import { isSolvedByForgetting } from '../trouble';
import { confirmation, FORGETTING } from './confirm';
import { button, buttons, create, quiet, setShare, setText, show, slot, stack } from './panel_elements';
import { loadingInWords } from './panel_words';
import { type Actions, firstUsable, type Region } from './region';

const KEPT = 'what it keeps is kept in this browser, until you let it forget.';
const NOT_KEPT = 'this browser keeps nothing for this page, so what it learns lasts only until the page closes.';

/** Creates the region that is shown before and during the model's download. `kind`: a description of the model for visitors. */
export function introRegion({ load, stop, forget }: Actions, kind: string): Region {
  const [modelName, where] = [create('strong'), create('span')];
  const promise = create(
    'p',
    {},
    `This loads a ${kind}, `,
    modelName,
    ', and runs it on this device. It learns from what you give it. Nothing of that leaves this page: ',
    where,
  );
  const start = button('Load the model', load, 'primary');
  const forgetAll = button('Forget everything…', () => question.ask(), 'danger');
  const row = buttons(start, forgetAll);
  const question = confirmation(FORGETTING, row, (answer) => {
    if (answer) forget();
    start.focus();
  });
  const consent = stack('', slot('consent', promise), row, question.root);
  const bar = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': 'Loading the model' } });
  const text = quiet();
  const cancel = button('Cancel', stop);
  const loading = stack('', bar, text, buttons(cancel));
  return {
    root: create('div', { className: 'intro' }, consent, loading),
    update({ learner, name, progress }) {
      const { state, error } = learner.status;
      show(consent, state === 'idle' || state === 'error');
      show(loading, state === 'loading');
      setText(modelName, name);
      setText(where, learner.status.hasNoStorage ? NOT_KEPT : KEPT);
      show(forgetAll, isSolvedByForgetting(error));
      if (forgetAll.hidden) question.close();
      setText(start, state === 'error' ? 'Try again' : 'Load the model');
      if (state !== 'loading') return;
      const shown = loadingInWords(progress);
      setText(text, shown.text);
      setShare(bar, shown.share);
    },
    landing: () => firstUsable(cancel, question.landing, start),
  };
}
