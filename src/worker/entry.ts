import { serve } from './rpc/serve';
import { WorkerSessionImpl } from './worker_session';

// No top-level await, because this is built as a classic script. Errors before the session serves are reported to the
// page.
serve((host) => new WorkerSessionImpl(host)).catch(reportError);
