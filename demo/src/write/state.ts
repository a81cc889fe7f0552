import type { AdapterInfo, PreTrainedModel, VeraModel } from 'webvera';
import type { DeviceCheck } from '../library/device';
import type { LoadProgress } from '../library/load_meter';
import type { NamedSource } from '../library/model_files';
import type { Trouble } from '../library/sessions';
import type { TrainingPhase } from '../run/training';
import type { Interrupted } from './training/interrupted';

export interface ReadyModel extends NamedSource {
  readonly base: PreTrainedModel;
}

/** The text to train on. */
export interface Corpus {
  readonly name: string;
  readonly blob: Blob;
  /** Its beginning. */
  readonly preview: string;
}

/** The adapter that is switched on. */
export interface ActiveAdapter {
  readonly id: string;
  readonly vera: VeraModel;
}

export interface AppState {
  /** undefined until it is known. */
  readonly device: DeviceCheck | undefined;
  readonly loading: LoadProgress | undefined;
  readonly model: ReadyModel | undefined;
  readonly corpus: Corpus | undefined;
  readonly phase: TrainingPhase;
  /** The share of a long text that the run has read, from 0 to 1; undefined if it reads none. */
  readonly read: number | undefined;
  /** The reason why the run can't continue. */
  readonly trouble: Trouble | undefined;
  /** The last stored step of the run. */
  readonly kept: number;
  /** Samples are being generated. */
  readonly writing: boolean;
  /** A short action is running, such as switching an adapter on. */
  readonly busy: boolean;
  readonly active: ActiveAdapter | undefined;
  /** A trained adapter that the browser could not store. */
  readonly unsaved: ActiveAdapter | undefined;
  readonly saved: readonly AdapterInfo[];
  /** An interrupted run that can be resumed. */
  readonly interrupted: Interrupted | undefined;
}

export const initialState: AppState = {
  device: undefined,
  loading: undefined,
  model: undefined,
  corpus: undefined,
  phase: 'idle',
  read: undefined,
  trouble: undefined,
  kept: 0,
  writing: false,
  busy: false,
  active: undefined,
  unsaved: undefined,
  saved: [],
  interrupted: undefined,
};

/** Whether nothing is running that a new action would disturb. */
export function isQuiet(state: AppState): boolean {
  return state.phase === 'idle' && !state.writing && !state.busy && state.loading === undefined;
}

export function canLoad(state: AppState): boolean {
  return isQuiet(state) && state.device?.usable === true;
}

export function canTrain(state: AppState): boolean {
  return isQuiet(state) && state.model !== undefined && state.corpus !== undefined;
}

export function canWrite(state: AppState): boolean {
  return isQuiet(state) && state.model !== undefined;
}

/** Whether an interrupted run can be resumed: its model and text are loaded. */
export function canGoOn(state: AppState): boolean {
  return canTrain(state) && missingToGoOn(state).length === 0;
}

/** The names of the model and the text that an interrupted run still needs. */
export function missingToGoOn({ interrupted, model, corpus }: AppState): readonly string[] {
  if (interrupted === undefined) return [];
  const sameModel = model?.name === interrupted.model;
  const sameText = corpus?.name === interrupted.corpus.name && corpus.blob.size === interrupted.corpus.bytes;
  return [...(sameModel ? [] : [interrupted.model]), ...(sameText ? [] : [interrupted.corpus.name])];
}

/** The next steps before training can start; '' if it can. */
export function missingForTraining({ model, corpus }: AppState): string {
  if (model === undefined && corpus === undefined) return 'Load a model and choose a text first.';
  if (model === undefined) return 'Load a model first.';
  return corpus === undefined ? 'Choose a text first.' : '';
}
