// Where what is long to fetch is kept from one run to the next, outside the repository.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** @returns {string} it may not be there yet */
export function cacheFolder() {
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, 'webvera');
  if (process.platform === 'win32' && process.env.LOCALAPPDATA)
    return join(process.env.LOCALAPPDATA, 'webvera', 'cache');
  return join(homedir(), '.cache', 'webvera');
}
