import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './files';

/** The adapter kinds: each has a folder in `adapters/`, and may have one in `page/adapters/`, `ops/` and `shaders/`. */
export const kinds: readonly string[] = readdirSync(join(root, 'src/adapters'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, 'src/adapters', entry.name, 'kind.ts')))
  .map(({ name }) => name);
