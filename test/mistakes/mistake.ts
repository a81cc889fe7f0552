import { UsageError } from '../../scripts/shared/options.mjs';
import type { WebVeraError } from '../../src/core/errors/error';
import { wrapped } from '../page/training/scripted_training';

/** A user's mistake in words or code, and the call that makes it. */
export type Mistake = readonly [did: string, act: () => unknown];

/** A mistake and its error. */
export interface Answered {
  readonly did: string;
  readonly message: string;
  readonly hint: string;
}

/** Passes a value whose type is wrong. */
export const any = (value: unknown): never => value as never;

/** Makes a mistake with a model, and closes its session afterwards. */
export function withModel(act: (opened: Awaited<ReturnType<typeof wrapped>>) => unknown): () => Promise<unknown> {
  return async () => {
    const opened = await wrapped(() => ({ disposeModel: async () => {} }));
    try {
      return await act(opened);
    } finally {
      await opened.session.close();
    }
  };
}

/** Makes a mistake. Throws unless it is refused with an error of this library. */
export async function answered([did, act]: Mistake): Promise<Answered> {
  const error = await (async () => act())().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const { name, message, hint } = (error ?? {}) as Partial<WebVeraError>;
  const isOurs = name === 'WebVeraError' || error instanceof UsageError;
  if (!isOurs || message === undefined) throw new Error(`${did}: expected a WebVeraError, got ${String(error)}`);
  return { did, message, hint: hint ?? '' };
}

/** Rows of a table in Markdown. */
export function tableOf(answers: readonly Answered[]): string {
  const rows = answers.map(({ did, message, hint }) => `| ${[did, message, hint].map(cell).join(' | ')} |`);
  return ['| What was done | Message | Hint |', '| --- | --- | --- |', ...rows].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ').trim();
}
