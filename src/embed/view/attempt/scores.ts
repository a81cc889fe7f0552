import type { LabelScore } from '../../../index';
import { create, setShare, show } from '../panel_elements';
import { shareInWords } from '../panel_words';
import type { Announce, Shown } from '../region';

/** Creates the display of a classifier's prediction: a bar for each label, the most likely first. It is hidden while it is empty. */
export function scoreBars(announce: Announce) {
  const root = create('div', { className: 'output', hidden: true, attributes: { part: 'output' } });
  const replace = (...children: readonly Node[]): void => {
    root.replaceChildren(...children);
    show(root, children.length > 0);
  };
  return {
    root,
    replace,
    /** Removes the prediction if its profile was forgotten or replaced. */
    update({ isGone }: Shown): void {
      if (isGone) replace();
    },
    /** Shows a prediction below the nodes `above`, which show its input. */
    show(scores: readonly LabelScore[], ...above: readonly Node[]): void {
      replace(...above, ...scores.map(bar));
      const [best] = scores;
      if (best !== undefined) announce(`${best.label}, ${shareInWords(best.score)}`);
    },
  };
}

/** Returns a function that reports whether the profile has learnt since the function's last call. */
export function news(): (shown: Shown) => boolean {
  let known: string | undefined;
  return ({ learner }) => {
    const history = learner.visit?.profile?.info.history ?? [];
    // An undone lesson stays in the history, marked as undone.
    const mark = history.length === 0 ? undefined : history.map(({ at, undone }) => `${at}${undone ?? ''}`).join();
    const isNew = mark !== undefined && mark !== known;
    known = mark;
    return isNew;
  };
}

function bar({ label, score }: LabelScore): HTMLElement {
  const share = create('progress', { max: 1, attributes: { part: 'progress', 'aria-label': label } });
  setShare(share, score);
  const name = create('span', { lang: '', dir: 'auto' }, label);
  return create('div', { className: 'score' }, name, create('span', {}, shareInWords(score)), share);
}
