import type { ClassesApp } from '../classes/app';
import { Scores } from '../classes/scores';
import { Latest } from '../library/latest';
import { byId } from '../ui/dom';

/** Tells the class of a text as it is typed. */
export function tryCard({ store, classifier, banner }: ClassesApp<string>): void {
  const input = byId('try-text', 'textarea');
  const scores = new Scores();

  const telling = new Latest(async () => {
    const { learnt, phase } = store.value;
    const text = input.value;
    if (learnt === undefined) return scores.clear('Train it first, then write here.');
    if (text.trim() === '') return scores.clear('Write something, and see what it takes it for.');
    if (phase !== 'idle') return; // it tells once the run has ended
    try {
      scores.show(await classifier.tell(learnt, text));
    } catch (error) {
      scores.clear('');
      banner.report(error);
    }
  });

  const tell = (): void => void scores.during(telling.push(undefined));

  input.addEventListener('input', tell);
  store.watch(({ learnt, phase, device }, before) => {
    const isNew = learnt !== before.learnt || phase !== before.phase || device !== before.device;
    if (isNew && device?.usable === true) tell();
  });
  if (store.value.learnt === undefined) tell();
}
