import type { LabelScore } from '../../../index';
import { button, buttons, create, field, stack } from '../panel_elements';
import { type Announce, firstUsable, type Region } from '../region';
import { news, scoreBars } from './scores';

/** Creates the region in which the model predicts the label of a visitor's text. */
export function tellRegion(predict: (text: string) => Promise<readonly LabelScore[]>, announce: Announce): Region {
  let isTelling = false;
  /** Whether to predict once more, because the text or the model may have changed. */
  let isDue = false;
  /** Whether the profile that makes the prediction was forgotten or replaced. */
  let isGone = false;
  const isNew = news();
  const { root: textRow, input: text } = field('prompt', 'A text to be told', { rows: 2 });
  const scores = scoreBars(announce);
  const tell = button('Tell', () => begin(), 'primary');
  const showAll = (): void => {
    tell.disabled = text.value.trim() === '';
    tell.setAttribute('aria-disabled', String(isTelling));
  };
  const begin = async (): Promise<void> => {
    isDue = true;
    if (isTelling) return;
    isTelling = true;
    showAll();
    while (isDue) {
      isDue = false;
      isGone = false;
      try {
        const told = await predict(text.value);
        if (!isGone) scores.show(told);
      } catch {
        // The panel shows the error.
      }
    }
    isTelling = false;
    showAll();
  };
  text.addEventListener('input', showAll);
  showAll();
  return {
    root: stack('attempt', create('h3', {}, 'Try'), textRow, buttons(tell), scores.root),
    update(shown) {
      isGone ||= shown.isGone;
      scores.update(shown);
      showAll();
      if (isNew(shown) && !tell.disabled) void begin();
    },
    landing: () => firstUsable(tell, text),
  };
}
