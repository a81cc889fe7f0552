import { counted } from '../../../src/parts/words';
import { announce } from '../page/announcer';
import type { Banner } from '../page/banner';
import type { Confirm } from '../page/confirm';
import type { Store } from '../page/store';
import { addLabelled, addSamples, type ClassSet, type Labelled, removeSample } from './class_set';
import type { Classifier } from './classifier';
import type { Kind } from './kind';
import type { ClassesState } from './state';

/** The state that all cards of a page with classes share. */
export interface ClassesApp<Content> {
  readonly kind: Kind<Content>;
  readonly store: Store<ClassesState<Content>>;
  readonly classifier: Classifier<Content>;
  readonly banner: Banner;
  readonly confirm: Confirm;
}

/** Changes the classes or samples, or shows why that isn't possible. */
export function changeSet<Content>(
  { store, kind, banner }: ClassesApp<Content>,
  change: (set: ClassSet<Content>) => ClassSet<Content>,
): void {
  try {
    const { set } = store.value;
    const changed = change(set);
    if (changed.samples.length > kind.most) {
      const tooMany = `There can be ${kind.most.toLocaleString('en')} ${kind.things} at most.`;
      banner.show('error', tooMany, 'Remove some first, or choose fewer.');
    } else {
      store.set({ set: changed, isStale: true, isRefined: false, outcome: '' });
    }
  } catch (error) {
    banner.report(error);
  }
}

/** Samples to add together: those in `labelled` name their classes, and those in `others` are added to one class. */
export interface Arrivals<Content> {
  readonly labelled: readonly Labelled<Content>[];
  readonly others: readonly Content[];
  /** The number of samples, including those left out because they exceed the limit. */
  readonly all: number;
}

/** Adds samples, and announces how many. `leftOut`: a sentence for the visitor about samples that can't be added. */
export function takeSamples<Content>(
  app: ClassesApp<Content>,
  { labelled, others, all }: Arrivals<Content>,
  classId: number | undefined,
  leftOut = '',
): void {
  const { store, banner, kind } = app;
  const before = store.value.set;
  const taken = labelled.length + others.length;
  changeSet(app, (set) => addLabelled(addSamples(set, classId, others), labelled));
  if (taken > 0 && store.value.set === before) return; // the banner shows why
  announce(`${counted(store.value.set.samples.length - before.samples.length, kind.thing)} added.`);
  const room =
    taken < all ? `There is room for ${counted(taken, kind.thing)} of these ${all}. They are taken evenly.` : '';
  if (leftOut !== '' || room !== '') banner.show('note', `${leftOut} ${room}`.trim());
}

/** Removes the sample of a row. Moves the focus to the next row, else to the previous row, else to `landing`. */
export function removeRow<Content>(app: ClassesApp<Content>, row: HTMLElement, id: number, landing: HTMLElement): void {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  changeSet(app, (set) => removeSample(set, id));
  (next?.querySelector('button') ?? landing).focus();
}
