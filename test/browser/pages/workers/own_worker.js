// A page's own worker, in whose thread a session runs.
import { loadNodeLibrary } from '../../../../scripts/page/library.js';

const { adapters, Session } = await loadNodeLibrary();
const session = await Session.open({ worker: false, store: 'memory' });
postMessage((await adapters.list({ session })).length);
