import { serve } from './rpc/serve';
import { WorkerSessionImpl } from './worker_session';

// This file is built as a classic script, so it has no top-level await. If the session can't start to serve calls, the error is reported to
// the page.
serve((host) => new WorkerSessionImpl(host)).catch(reportError);
