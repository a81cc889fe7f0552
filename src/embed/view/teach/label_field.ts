import { create } from '../panel_elements';
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
