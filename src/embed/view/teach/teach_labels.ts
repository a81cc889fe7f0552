import { button, buttons, create, field, filePicker, quiet, stack } from '../panel_elements';
import { takeFiles } from '../picked_files';
import { type Actions, firstUsable, type Region } from '../region';
import { labelField, refineButton, standing } from './lesson_parts';

const HINT =
  'It learns from each text at once: add some of each label. You can also drop a CSV file with columns text and label here, or JSON Lines. Refine trains it for longer, and keeps that unless it does worse.';

/** The region in which a visitor teaches texts and their labels, typed or from a file. */
export function teachLabelsRegion(training: Region, { label, refine }: Pick<Actions, 'label' | 'refine'>): Region {
  let isAdding = false;
  const attributes = { 'aria-describedby': 'lesson-hint' };
  const { root: textRow, input } = field('lesson', 'A text', { rows: 3, attributes });
  const choice = labelField('Its label');
  const outcome = standing();
  const picker = filePicker('.jsonl,.ndjson,.json,.csv');
  const add = button('Add', () => keep(), 'primary');
  const refining = refineButton(refine);
  const pick = button('Add a file…', () => picker.click());
  const showAll = (): void => {
    add.disabled = input.value.trim() === '' || choice.label() === '';
    add.setAttribute('aria-disabled', String(isAdding));
  };
  const keep = async (): Promise<void> => {
    if (isAdding) return;
    isAdding = true;
    showAll();
    const example = { text: input.value, label: choice.label() };
    input.focus();
    const isAdded = await label([example]);
    isAdding = false;
    if (isAdded) outcome.add([example.label]);
    if (isAdded && input.value === example.text) input.value = '';
    showAll();
  };
  const labelAll = async (files: readonly File[]): Promise<void> => {
    for (const file of files) if (!(await label(file))) return; // the error stays to be read
  };
  const [heading, hint] = [create('h3', {}, 'Teach'), quiet(HINT, { id: 'lesson-hint' })];
  const row = buttons(add, refining.root, pick, picker);
  const root = stack('teach', heading, textRow, choice.root, hint, outcome.root, row, training.root);
  input.addEventListener('input', showAll);
  takeFiles(root, picker, (files) => void labelAll(files));
  showAll();
  return {
    root,
    update(shown) {
      for (const part of [refining, choice, outcome, training]) part.update(shown);
      showAll();
    },
    landing: () => training.landing() ?? firstUsable(input, refining.root, pick),
  };
}
