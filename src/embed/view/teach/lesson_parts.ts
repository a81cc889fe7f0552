import { button, create } from '../panel_elements';
import type { Shown } from '../region';

/** A choice of the model's labels. `label()`: the chosen one; '' before a model is loaded. */
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

/** The button that starts learning, one lesson at a time. */
export function learnButton(onPress: () => void) {
  let isBusy = false;
  let isTeaching = false;
  let hasLearnt = false;
  const root = button('Learn', onPress, 'primary');
  return {
    root,
    /** Whether the model can't learn now: it is loading, or learning already. */
    isBusy: () => isBusy,
    update({ learner }: Shown): void {
      isBusy = learner.status.state !== 'ready';
      hasLearnt = (learner.visit?.profile?.info.history.length ?? 0) > 0;
    },
    /** Whether examples with these labels can be learnt: of two labels, or in addition to earlier lessons. */
    canTellApart: (labels: readonly string[]) => labels.length > 0 && (hasLearnt || new Set(labels).size > 1),
    /** Enables the button if there is a lesson. While a lesson is being stored, the button keeps the focus. */
    show(hasLesson: boolean): void {
      root.disabled = isBusy || !hasLesson;
      root.setAttribute('aria-disabled', String(isTeaching));
    },
    /** Learns a lesson unless another one is being learnt. Resolves with whether it was learnt. */
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
