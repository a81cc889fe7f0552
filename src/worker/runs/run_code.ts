// The code of runs and fitted heads. A session loads it for the first call that needs it.
export { RunEvents } from '../../train/run_events';
export { createJointRun } from './create_joint_run';
export { createRun, evaluate, storedRun } from './create_run';
export { fitHead } from './head_fitting';
export { FeatureCache } from './row_features';
export { expectExportable, exportRun } from './run_export';
export { StoredFeatures } from './stored_features';
