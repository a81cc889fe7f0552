import { button, create, quiet, setText, show, stack } from '../panel_elements';
import { countsInWords, rightInWords } from '../panel_words';
import type { Shown } from '../region';

/** A select element with the model's labels. `label()` returns the chosen label, '' before a model is loaded. */
export function labelField(text: string) {
  const select = create('select', { id: 'label', lang: '', dir: 'auto', attributes: { part: 'field' } });
  return {
    root: create('div', {}, create('label', { htmlFor: 'label' }, text), select),
    label: () => select.value,
    update({ learner }: Shown): void {
      const labels = Object.values(learner.visit?.model?.config.id2label ?? {});
      if (labels.length === 0 || [...select.options].map(({ value }) => value).join() === labels.join()) return;
      select.replaceChildren(...labels.map((label) => create('option', { value: label }, label)));
    },
  };
}

/** Shows how often the visitor chose each label during this visit, and the model's current accuracy. Labels in files aren't counted. */
export function standing() {
  let labels: readonly string[] = [];
  const [counts, right] = [quiet(), create('p')];
  const root = stack('', counts, right);
  root.setAttribute('role', 'status');
  return {
    root,
    add(more: readonly string[]): void {
      labels = [...labels, ...more];
    },
    update({ learner, isGone }: Shown): void {
      if (isGone) labels = [];
      setText(counts, labels.length === 0 ? '' : countsInWords(labels));
      setText(right, rightInWords(learner.visit?.profile?.info.history ?? []));
      for (const line of [counts, right]) show(line, line.textContent !== '');
    },
  };
}

/** The button that refines a classifier. It is enabled once the classifier has learnt from labels. */
export function refineButton(refine: () => Promise<boolean>) {
  const learning = learnButton(() => learning.teach(refine), 'Refine', '');
  return {
    root: learning.root,
    update(shown: Shown): void {
      learning.update(shown);
      learning.show((shown.learner.visit?.profile?.info.history.length ?? 0) > 0);
    },
  };
}

/** The button that starts learning. It learns one lesson (the visitor's input) at a time. */
export function learnButton(onPress: () => void, text = 'Learn', className = 'primary') {
  let isBusy = false;
  let isTeaching = false;
  const root = button(text, onPress, className);
  return {
    root,
    update({ learner }: Shown): void {
      isBusy = learner.status.state !== 'ready' && !learner.isInstant;
    },
    /** Enables the button if there is something to learn. During learning, it is only `aria-disabled`, so that it keeps the focus. */
    show(hasLesson: boolean): void {
      root.disabled = isBusy || !hasLesson;
      root.setAttribute('aria-disabled', String(isTeaching));
    },
    /** Learns a lesson unless another one is being learnt. Resolves with whether the lesson was learnt. */
    async teach(learn: () => Promise<boolean>): Promise<boolean> {
      if (isTeaching) return false;
      isTeaching = true;
      root.setAttribute('aria-disabled', 'true');
      const isLearnt = await learn();
      isTeaching = false;
      return isLearnt;
    },
  };
}
