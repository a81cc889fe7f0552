import type { Store } from '../store';
import type { Banner } from '../ui/banner';
import type { Confirm } from '../ui/confirm';
import type { ClassSet } from './class_set';
import type { Classifier } from './classifier';
import type { Kind } from './kind';
import type { ClassesState } from './state';

/** What the cards of such a page have at hand. */
export interface ClassesApp<Content> {
  readonly kind: Kind<Content>;
  readonly store: Store<ClassesState<Content>>;
  readonly classifier: Classifier<Content>;
  readonly banner: Banner;
  readonly confirm: Confirm;
}

/** Takes changed samples. */
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
      store.set({ set: changed, isStale: true });
    }
  } catch (error) {
    banner.report(error);
  }
}
