import { WebVeraError } from '../core/errors/error';

/** Returns the error for an argument that the task doesn't use. `why` completes the message "expected to be left out, as …". */
export function refused(name: string, why: string, hint = ''): WebVeraError {
  return new WebVeraError('invalid_argument', `${name}: expected to be left out, as ${why}`, { hint });
}
