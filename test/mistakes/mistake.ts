import { UsageError } from '../../scripts/shared/options.mjs';
import type { WebVeraError } from '../../src/core/errors/error';
import { wrapped } from '../page/training/scripted_training';

/** A user's mistake: its description in words or code, and the call that makes it. */
export type Mistake = readonly [did: string, act: () => unknown];

/** A mistake, and the message and hint of the error that it causes. */
export interface Answered {
  readonly did: string;
  readonly message: string;
  readonly hint: string;
}

/** Lets a test pass a value of a wrong type without a type error. */
export const any = (value: unknown): never => value as never;

/** Returns a call that makes a mistake with a model and then closes the session. */
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

/** Makes a mistake. Throws unless it is rejected with an error of this library. */
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

/** Formats mistakes and their errors as a Markdown table. */
export function tableOf(answers: readonly Answered[]): string {
  const rows = answers.map(({ did, message, hint }) => `| ${[did, message, hint].map(cell).join(' | ')} |`);
  return ['| What was done | Message | Hint |', '| --- | --- | --- |', ...rows].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ').trim();
}
