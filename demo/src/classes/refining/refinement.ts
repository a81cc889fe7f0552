import {
  type AdapterFiles,
  type LearnRecord,
  type PreTrainedModel,
  Profile,
  type Session,
  type TrainRun,
} from 'webvera';
import type { Numbered } from '../class_set';
import type { Kind } from '../kind';
import { examplesOf } from '../solving';
import type { Refining } from '../state';

export interface RefineOptions {
  readonly when: 'now' | 'idle';
  readonly signal: AbortSignal;
  onProgress(refining: Refining): void;
}

/** The outcome of a refining run. */
export interface Refined<Content> {
  readonly record: LearnRecord;
  /** The adapter with the refined vectors; undefined if these are clearly worse than untrained ones, or if the samples are too few. */
  readonly files: AdapterFiles | undefined;
  /** The samples that the vectors were trained on, and the held-out samples that they were measured on. */
  readonly train: readonly Numbered<Content>[];
  readonly heldOut: readonly Numbered<Content>[];
}

interface Begun<Content> {
  readonly base: PreTrainedModel;
  readonly session: Session;
  readonly samples: readonly Numbered<Content>[];
}

/** Refines a new adapter with the library's `Profile`, which starts from a solved head and rejects vectors that are clearly worse. */
export async function refine<Content>(
  kind: Kind<Content>,
  begun: Begun<Content>,
  options: RefineOptions,
): Promise<Refined<Content>> {
  const prefix = `demo-${kind.key}`;
  await forgetUnused(prefix, begun.session).catch(() => {}); // profiles of pages that were closed during a refinement
  // Each refinement has its own profile, so that tabs don't share one.
  const id = `${prefix}-${crypto.randomUUID()}`;
  return navigator.locks.request(id, () => refineIn(id, kind, begun, options));
}

/** Deletes the profiles with this prefix that no open page uses. */
async function forgetUnused(prefix: string, session: Session): Promise<void> {
  // A page takes a profile's lock before it creates the profile. So a profile that is listed now, and has no lock later, isn't in use.
  const listed = await Profile.list({ session });
  const { held = [] } = await navigator.locks.query();
  const names = new Set(held.map(({ name }) => name));
  for (const { id } of listed) {
    if (id.startsWith(prefix) && !names.has(id)) await Profile.forget(id, { session });
  }
}

async function refineIn<Content>(
  id: string,
  kind: Kind<Content>,
  { base, samples }: Begun<Content>,
  { when, signal, onProgress }: RefineOptions,
): Promise<Refined<Content>> {
  const args = { ...kind.args, ...kind.refining };
  const profile = await Profile.open(base, id, { peft_config: kind.config, args, keep_examples: false });
  try {
    await profile.add(examplesOf(kind, samples));
    const run = profile.learn({ method: 'refine', when, signal });
    await follow(run, onProgress);
    const record = profile.info.history.at(-1);
    if (record === undefined) throw new Error('The profile has no outcome');
    const left = new Set(record.left_out);
    const isBetter = record.taken && record.candidates.some(({ name, chosen }) => chosen && name !== 'instant');
    return {
      record,
      files: isBetter ? adapterOf(await profile.export()) : undefined,
      train: samples.filter((_, place) => !left.has(place)),
      heldOut: samples.filter((_, place) => left.has(place)),
    };
  } finally {
    await profile.forget().catch(() => {}); // the session may have ended, with the profile
  }
}

async function follow(run: TrainRun, onProgress: RefineOptions['onProgress']): Promise<void> {
  let stage: Refining['stage'] = 'preparing';
  for await (const event of run) {
    const { global_step: step, max_steps: steps } = event.state;
    if (event.type === 'paused') stage = 'waiting';
    if (event.type === 'resumed') stage = step === 0 ? 'preparing' : 'running';
    if (event.type === 'log') stage = step === steps ? 'measuring' : 'running';
    onProgress({ stage, step, steps });
  }
  await run;
}

function adapterOf(exported: ReadonlyMap<string, Blob>): AdapterFiles {
  const fileOf = (name: string): Blob => {
    const file = exported.get(name);
    if (file === undefined) throw new Error(`The profile has no ${name}`);
    return file;
  };
  return {
    'adapter_config.json': fileOf('adapter_config.json'),
    'adapter_model.safetensors': fileOf('adapter_model.safetensors'),
  };
}
