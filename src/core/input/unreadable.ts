import { WebVeraError } from '../errors/error';

/** Returns a handler for the error of a file that the browser refuses to read: the handler throws `invalid_format`. */
export function unreadable(name: string): (cause: unknown) => never {
  return (cause) => {
    throw new WebVeraError('invalid_format', `${name}: expected a file that can be read`, {
      hint: 'Has it changed since it was chosen? Choose it again.',
      cause,
    });
  };
}
