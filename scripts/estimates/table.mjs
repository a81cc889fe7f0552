// Makes the guide's table of the memory that models need.
import { markdownTable } from '../shared/table.mjs';
import { fetchBegun } from './hub.mjs';
import { MODELS } from './models.mjs';

/** @typedef {Pick<typeof import('../../src/index'), 'Session' | 'estimate'>} Library */

/** Storage formats of the weights. Each has two columns, without and with gradient checkpointing. */
const DTYPES = /** @type {const} */ ([
  ['f16', 'float16'],
  ['q8', 'q8'],
  ['q4', 'q4'],
]);
const LENGTHS = [256, 1024];

const MIB = 2 ** 20;
const HEAD = [
  'Model',
  'Download',
  'Tokens',
  ...DTYPES.flatMap(([name]) => [name, `${name}, checkpointing`]),
  'Largest buffer',
];

/**
 * Returns the table in Markdown.
 * @param {Library} library
 * @param {readonly import('./models.mjs').PublishedModel[]} [models]
 */
export async function estimatesTable({ Session, estimate }, models = MODELS) {
  const session = await Session.open({ worker: false, fetch: fetchBegun, store: 'memory' });
  try {
    const rows = [];
    for (const { name } of models) {
      for (const max_length of LENGTHS) rows.push(await cellsOf(name, max_length, session, estimate));
    }
    return markdownTable(HEAD, rows, 1);
  } finally {
    await session.close();
  }
}

/**
 * @param {string} name
 * @param {number} max_length
 * @param {import('../../src/index').Session} session
 * @param {Library['estimate']} estimate
 */
async function cellsOf(name, max_length, session, estimate) {
  const bytes = [];
  let download = 0;
  let largest = 0;
  for (const [, dtype] of DTYPES) {
    for (const gradient_checkpointing of [false, true]) {
      const args = { max_length, per_device_train_batch_size: 1, gradient_checkpointing };
      // With this much memory the run fits, so `estimate` doesn't spend time on suggestions.
      const found = await estimate(name, { session, dtype, args, memory: 2 ** 40 });
      bytes.push(found.gpu.total);
      download = found.download.total;
      largest = Math.max(largest, found.gpu.largest_buffer);
    }
  }
  const first = max_length === LENGTHS[0];
  const about = first ? [name, inMiB(download)] : ['', ''];
  return [...about, grouped(max_length), ...bytes.map(inMiB), inMiB(largest)];
}

/** @param {number} bytes */
function inMiB(bytes) {
  return grouped(Math.ceil(bytes / MIB));
}

/** @param {number} count */
function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
