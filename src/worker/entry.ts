import { serve } from './rpc/serve';
import { WorkerSessionImpl } from './session';

// No top-level await, because this is built as a classic script. Errors before the session serves are reported to the
// page.
serve((host) => new WorkerSessionImpl(host)).catch(reportError);
