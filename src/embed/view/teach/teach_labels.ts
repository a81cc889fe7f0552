import { button, buttons, create, field, filePicker, quiet, setText, show, stack } from '../panel_elements';
import { countsInWords } from '../panel_words';
import { takeFiles } from '../picked_files';
import { firstUsable, type Region } from '../region';
import { labelField, learnButton } from './lesson_parts';

interface LabelledText {
  readonly text: string;
  readonly label: string;
}

type TextLesson = readonly LabelledText[] | File;

const HINT =
  'Some texts of each label, in any order. You can also drop a CSV file with columns text and label here, or JSON Lines.';

/** Teaches texts with labels, typed or in a file. `learn` resolves with whether the lesson was learnt. */
export function teachLabelsRegion(training: Region, learn: (lesson: TextLesson) => Promise<boolean>): Region {
  /** The texts that were added and aren't learnt yet. */
  let examples: readonly LabelledText[] = [];
  const attributes = { 'aria-describedby': 'lesson-hint' };
  const { root: textRow, input } = field('lesson', 'A text', { rows: 3, attributes });
  const choice = labelField('Its label');
  const list = quiet('', { role: 'status' });
  const picker = filePicker('.jsonl,.ndjson,.json,.csv');
  const add = button('Add', () => keep());
  const learning = learnButton(() => teach(examples));
  const pick = button('Learn from a file…', () => picker.click());
  const showAll = (): void => {
    const labels = examples.map(({ label }) => label);
    setText(list, countsInWords(labels));
    show(list, labels.length > 0);
    add.disabled = input.value.trim() === '' || choice.label() === '';
    learning.show(learning.canTellApart(labels));
    pick.disabled = learning.isBusy();
  };
  const keep = (): void => {
    examples = [...examples, { text: input.value, label: choice.label() }];
    input.value = '';
    showAll();
    input.focus();
  };
  const teach = async (lesson: TextLesson): Promise<void> => {
    const isLearnt = await learning.teach(() => learn(lesson));
    // Texts that were added meanwhile stay for the next time.
    if (isLearnt && !(lesson instanceof File)) examples = examples.slice(lesson.length);
    showAll();
  };
  const [heading, hint] = [create('h3', {}, 'Teach'), quiet(HINT, { id: 'lesson-hint' })];
  const row = buttons(add, learning.root, pick, picker);
  const root = stack('teach', heading, textRow, choice.root, hint, list, row, training.root);
  input.addEventListener('input', showAll);
  takeFiles(root, picker, (file) => {
    if (!learning.isBusy()) void teach(file);
  });
  showAll();
  return {
    root,
    update(shown) {
      for (const part of [learning, choice, training]) part.update(shown);
      showAll();
    },
    landing: () => training.landing() ?? firstUsable(input, learning.root, pick),
  };
}
