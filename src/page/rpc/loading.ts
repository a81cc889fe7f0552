import { wrong } from '../../core/errors/wrong';
import type { CallId } from '../../worker/protocol';
import type { SourceOptions } from '../models/source_options';
import type { CallEvent, CallHandling, Link } from './link';

/**
 * Starts a call that loads files. Reports progress to the caller's callback, and sends the caller's token if the worker
 * asks for it.
 */
export function loadCall<T>(
  link: Link,
  { signal, progress_callback, token }: Pick<SourceOptions, 'signal' | 'progress_callback' | 'token'>,
  start: (call: CallId) => Promise<T>,
  discard?: CallHandling<T>['discard'],
): Promise<T> {
  let end: (error: unknown) => void = () => {};
  const give = async (call: CallId): Promise<void> => {
    const given = await token?.();
    if (typeof given !== 'string') throw wrong('token', 'a function that gives a string', typeof given);
    await link.request('giveToken', call, given);
  };
  const onEvent = (event: CallEvent): void => {
    if (event.type === 'progress') progress_callback?.(event.info);
    if (event.type === 'need_token') give(event.call).catch(end);
  };
  return link.call(
    (call, fail) => {
      end = fail;
      return start(call);
    },
    { signal, onEvent, ...(discard && { discard }) },
  );
}
