import { serve } from './serve';
import { WorkerSessionImpl } from './session';

await serve((host) => new WorkerSessionImpl(host));
