import fc from 'fast-check';

// Property-based tests get the same random inputs in each run. `npm run fuzz` uses new ones.
fc.configureGlobal({ seed: 1 });
