import { serve } from './rpc/serve';
import { WorkerSessionImpl } from './session';

// Nothing is awaited here: this is built as a classic script. What fails before it serves is reported to the page.
serve((host) => new WorkerSessionImpl(host)).catch(reportError);
