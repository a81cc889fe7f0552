import type { AdapterInfo, AnyAdaptedModel, PreTrainedModel } from 'webvera';
import type { DeviceCheck } from '../library/device';
import type { LoadProgress } from '../library/load_meter';
import { bundledModel, type NamedSource } from '../library/model_files';
import type { Trouble } from '../library/sessions';
import type { TrainingPhase } from '../run/training';
import type { Interrupted } from './teach/interrupted';
import { textInWords } from './text/samples';
import { ownId, ownKey, shippedVoices } from './voices';

export interface ReadyModel extends NamedSource {
  readonly base: PreTrainedModel;
}

/** The text to learn from. */
export interface Corpus {
  readonly name: string;
  readonly blob: Blob;
  /** Names the chosen file and the person, if the text is one person's messages from a chat. */
  readonly origin?: string;
}

/** A voice (an adapter that writes in somebody's style) on the loaded model, under its id. */
export interface HeldVoice {
  readonly id: string;
  readonly adapted: AnyAdaptedModel;
}

export interface AppState {
  /** The result of the device check; undefined until the check ends. */
  readonly device: DeviceCheck | undefined;
  readonly loading: LoadProgress | undefined;
  readonly model: ReadyModel | undefined;
  /** The source of the model in use, from which the model is loaded again if it is lost. */
  readonly source: NamedSource;
  readonly corpus: Corpus | undefined;
  readonly phase: TrainingPhase;
  /** The share of a long text that the training run has read, from 0 to 1; undefined while it reads none. */
  readonly read: number | undefined;
  /** The reason why the training run can't continue. */
  readonly trouble: Trouble | undefined;
  /** The last step of the training run that is stored. */
  readonly kept: number;
  /** The pair of texts, one by the base model and one by the voice, is being written. */
  readonly writing: boolean;
  /** A short action is running, such as deleting a voice. */
  readonly busy: boolean;
  /** The key of the voice whose text is shown beside the base model's. */
  readonly voice: string;
  /** Trained voices that the browser hasn't stored, the newest first. */
  readonly unsaved: readonly HeldVoice[];
  readonly saved: readonly AdapterInfo[];
  /** The browser stores nothing for this page, so that the saved voices are lost when the page is closed. */
  readonly isMemoryOnly: boolean;
  /** An interrupted training run that can be resumed. */
  readonly interrupted: Interrupted | undefined;
  /** The session's worker has no network any more. */
  readonly isSealed: boolean;
}

export const initialState: AppState = {
  device: undefined,
  loading: undefined,
  model: undefined,
  source: bundledModel,
  corpus: undefined,
  phase: 'idle',
  read: undefined,
  trouble: undefined,
  kept: 0,
  writing: false,
  busy: false,
  voice: shippedVoices[0].key,
  unsaved: [],
  saved: [],
  isMemoryOnly: false,
  interrupted: undefined,
  isSealed: false,
};

/** Says where, or for how long, the visitor's voices are stored. */
export function whereKept({ isMemoryOnly }: Pick<AppState, 'isMemoryOnly'>): string {
  return isMemoryOnly ? 'until you leave this page' : 'in this browser';
}

/** Whether a new action can start: no model is loading, and no training run or other action is in progress, except writing texts. */
export function isQuiet(state: AppState): boolean {
  return state.phase === 'idle' && !state.busy && state.loading === undefined;
}

/** Whether work with the model can start, which loads the model if necessary. */
export function canStart(state: AppState): boolean {
  return isQuiet(state) && state.device?.usable === true;
}

/** Whether the pair of texts can be written: no training run is in progress, and no model is loading. */
export function canWrite({ phase, loading, device }: AppState): boolean {
  return phase === 'idle' && loading === undefined && device?.usable === true;
}

export function canTeach(state: AppState): boolean {
  return canStart(state) && state.corpus !== undefined;
}

/** Returns the change of the state for a loaded model. If the chosen voice doesn't fit, chooses one that ships with the page. */
export function withModel(state: AppState, model: ReadyModel): Partial<AppState> {
  const id = ownId(state.voice);
  const chosen = state.saved.find((one) => one.id === id);
  const { base: _base, ...source } = model;
  const isFitting = chosen === undefined || fits(chosen, { source });
  return { model, source, ...(!isFitting && { voice: shippedVoices[0].key }) };
}

/** Whether a voice's file names the model in use, or no model at all. PEFT's files may name the model by a path. */
export function fits({ base_model }: Pick<AdapterInfo, 'base_model'>, { source }: Pick<AppState, 'source'>): boolean {
  return base_model === null || base_model.split('/').at(-1) === source.name;
}

/** Returns the keys of the voices to choose from: those that fit the model, and the chosen one. */
export function voiceKeys(state: AppState): readonly string[] {
  const others = new Set(state.saved.filter((one) => !fits(one, state)).map(({ id }) => id));
  const own = ownIds(state).filter((id) => !others.has(id) || ownKey(id) === state.voice);
  return [...own.map(ownKey), ...(state.source.voices === undefined ? [] : shippedVoices.map(({ key }) => key))];
}

/** Returns the key of the voice to write with: the chosen one if it exists, or else one that ships for the model, if any. */
export function voiceOf(state: AppState): string | undefined {
  const id = ownId(state.voice);
  const hasShipped = state.source.voices !== undefined;
  const isKnown = id === undefined ? hasShipped : ownIds(state).includes(id);
  return isKnown ? state.voice : hasShipped ? shippedVoices[0].key : undefined;
}

/** The ids of the visitor's voices, the unsaved ones first, each group with the newest first. */
export function ownIds({ saved, unsaved }: AppState): readonly string[] {
  const known = [...saved].sort((a, b) => b.created_at - a.created_at).map(({ id }) => id);
  return [...unsaved.map(({ id }) => id).filter((id) => !known.includes(id)), ...known];
}

/** Whether an interrupted training run can be resumed: the visitor has chosen its model and text. */
export function canGoOn(state: AppState): boolean {
  return canTeach(state) && missingToGoOn(state).length === 0;
}

/** Returns the names of the model and the text of an interrupted training run that the visitor must choose before it can resume. */
export function missingToGoOn({ interrupted, source, corpus }: AppState): readonly string[] {
  if (interrupted === undefined) return [];
  const { name, bytes, origin = name } = interrupted.corpus;
  const sameText = corpus?.name === name && corpus.blob.size === bytes;
  return [
    ...(source.name === interrupted.model ? [] : [interrupted.model]),
    ...(sameText ? [] : [textInWords(origin)]),
  ];
}
