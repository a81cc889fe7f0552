import type { Learner } from '../learner';
import type { ElementTask } from '../settings';
import { attemptRegion } from './attempt/attempt';
import { tellRegion } from './attempt/tell';
import { tellImageRegion } from './attempt/tell_image';
import type { Actions, Announce, Region } from './region';
import { teachRegion } from './teach/teach';
import { teachImagesRegion } from './teach/teach_images';
import { teachLabelsRegion } from './teach/teach_labels';
import { trainingRegion } from './teach/training_region';

/** The parts of the panel that depend on the task. */
interface Purpose {
  readonly heading: string;
  /** A description of the model for visitors. */
  readonly kind: string;
  teach(actions: Actions): Region;
  attempt(learner: Pick<Learner, 'generate' | 'predict'>, announce: Announce, actions: Actions): Region;
}

export const PURPOSES: Readonly<Record<ElementTask, Purpose>> = {
  'causal-lm': {
    heading: 'A language model that learns from you',
    kind: 'language model',
    teach: (actions) => teachRegion(trainingRegion(actions, 'How surprised it is by your text'), actions.teach),
    attempt: (learner, announce, actions) =>
      attemptRegion((prompt, config) => learner.generate(prompt, config), announce, actions),
  },
  'text-classification': {
    heading: 'A model that learns from you to tell texts apart',
    kind: 'language model',
    teach: (actions) => teachLabelsRegion(trainingRegion(actions, 'How badly it tells your texts apart'), actions),
    attempt: (learner, announce) => tellRegion((text) => learner.predict(text), announce),
  },
  'image-classification': {
    heading: 'A model that learns from you to tell pictures apart',
    kind: 'model that tells pictures apart',
    teach: (actions) => teachImagesRegion(trainingRegion(actions, 'How badly it tells your pictures apart'), actions),
    attempt: (learner, announce) => tellImageRegion((image) => learner.predict(image), announce),
  },
};
