import { Learner, type LearnerParts } from '../../src/embed/learner';
import { readSettings } from '../../src/embed/settings';
import { SharedModels } from '../../src/embed/shared_models';
import type { Emit, ReportDetails } from '../../src/embed/status';
import type { ClassifierOptions, PreTrainedModel, PretrainedOptions, WebVeraError } from '../../src/index';
import { FakeProfiles, fakeModel, fakeSession, someProgress } from './fakes';

export interface World {
  readonly attributes: Record<string, string>;
  readonly profiles: FakeProfiles;
  readonly models: ReturnType<typeof fakeModel>[];
  readonly sessions: ReturnType<typeof fakeSession>[];
  /** The options of the text classifiers that were loaded. */
  readonly classifiers: ClassifierOptions[];
  readonly imageClassifiers: ClassifierOptions[];
  readonly told: { type: keyof ReportDetails; detail: unknown }[];
  trouble: WebVeraError | undefined;
  /** For each check of the device: whether the GPU was lost before. */
  readonly checks: boolean[];
  /** Called before a model is loaded, which waits for the returned promise. */
  before: (options: PretrainedOptions) => Promise<unknown>;
  readonly shared: SharedModels;
  /** Makes a learner. `hear` is called with each of its reports. */
  learner(hear?: Emit): Learner;
  /** Returns the states that were reported so far. `heard` returns the reports of one type. */
  states(): unknown[];
  heard(type: keyof ReportDetails): unknown[];
}

export function newWorld(): World {
  const world: World = {
    attributes: { model: 'org/name' },
    profiles: new FakeProfiles(),
    models: [],
    sessions: [],
    classifiers: [],
    imageClassifiers: [],
    told: [],
    trouble: undefined,
    checks: [],
    before: async ({ progress_callback }) => {
      await settled();
      progress_callback?.(someProgress);
    },
    shared: new SharedModels(),
    learner(hear) {
      const loadModel = async (_source: unknown, options: PretrainedOptions = {}): Promise<PreTrainedModel> => {
        await world.before(options);
        world.models.push(fakeModel());
        return world.models.at(-1) as PreTrainedModel;
      };
      const parts: LearnerParts = {
        settings: () => readSettings((name) => world.attributes[name] ?? null, 'https://page.example/'),
        deviceTrouble: async (hasLostGpu) => {
          world.checks.push(hasLostGpu);
          return world.trouble;
        },
        openSession: async () => {
          const open = world.sessions.find(({ state }) => state !== 'closed') ?? fakeSession();
          if (!world.sessions.includes(open)) world.sessions.push(open);
          return open;
        },
        load: {
          'causal-lm': loadModel,
          'text-classification': (source, options) => {
            world.classifiers.push(options);
            return loadModel(source, options);
          },
          'image-classification': (source, options) => {
            world.imageClassifiers.push(options);
            return loadModel(source, options);
          },
        },
        models: world.shared,
        profiles: world.profiles,
      };
      return new Learner(parts, (type, detail) => {
        if (type !== 'change') world.told.push({ type, detail });
        hear?.(type, detail);
      });
    },
    states: () => world.told.filter(({ type }) => type === 'state').map(({ detail }) => detail),
    heard: (type) => world.told.filter((each) => each.type === type).map(({ detail }) => detail),
  };
  return world;
}
/** Waits until no work is pending. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
