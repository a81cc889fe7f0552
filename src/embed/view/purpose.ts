import type { Learner } from '../learner';
import type { ElementTask } from '../settings';
import { Attempt } from './attempt/attempt';
import { Tell } from './attempt/tell';
import { TellImage } from './attempt/tell_image';
import type { Actions, Announce, Region } from './region';
import { Teach } from './teach/teach';
import { TeachImages } from './teach/teach_images';
import { TeachLabels } from './teach/teach_labels';
import { Training } from './teach/training_region';

/** The parts of the panel that depend on the task. */
interface Purpose {
  readonly heading: string;
  /** A description of the model for visitors. */
  readonly kind: string;
  readonly teach: Region;
  readonly attempt: Region;
}

export function purposeOf(
  task: ElementTask,
  learner: Pick<Learner, 'generate' | 'predict'>,
  actions: Actions,
  announce: Announce,
): Purpose {
  if (task === 'image-classification') {
    return {
      heading: 'A model that learns from you to tell pictures apart',
      kind: 'model that tells pictures apart',
      teach: new TeachImages(new Training(actions, 'pictures'), actions.teach),
      attempt: new TellImage((image) => learner.predict(image), announce),
    };
  }
  const training = new Training(actions, 'text');
  const kind = 'language model';
  return task === 'text-classification'
    ? {
        heading: 'A model that learns from you to tell texts apart',
        kind,
        teach: new TeachLabels(training, actions.teach),
        attempt: new Tell((text) => learner.predict(text), announce),
      }
    : {
        heading: 'A language model that learns from you',
        kind,
        teach: new Teach(training, actions.teach),
        attempt: new Attempt((prompt, config) => learner.generate(prompt, config), announce),
      };
}
