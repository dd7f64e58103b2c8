/**
 * Preloaded into a service under `--expose-gc`: SIGUSR2 collects all garbage, compiled code that
 * nobody runs among it, so that what its gauges tell of the heap afterwards is what it really
 * holds.
 */
process.on('SIGUSR2', () => globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
