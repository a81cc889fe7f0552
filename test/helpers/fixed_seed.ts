import fc from 'fast-check';

// Tests have the same inputs in each run; `npm run fuzz` has new ones.
fc.configureGlobal({ seed: 1 });
