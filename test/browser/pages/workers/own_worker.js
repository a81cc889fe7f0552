// The page's own worker, not the library's. A session runs in its thread.
import { loadNodeLibrary } from '../../../../scripts/page/library.js';

const { adapters, Session } = await loadNodeLibrary();
const session = await Session.open({ worker: false, store: 'memory' });
postMessage((await adapters.list({ session })).length);
