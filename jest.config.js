// Jest 29: newer majors need optional native packages that make `npm ci` depend on the platform.
export default {
  testEnvironment: 'node',
  // Jest's own choice leaves a core idle, and on two cores runs all files in one process, whose garbage slows it down.
  maxWorkers: '100%',
  workerIdleMemoryLimit: '700MB',
  // It ends what hangs; a busy machine is no failure.
  testTimeout: 60_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/scripts/jest-strip-types.js' },
  modulePathIgnorePatterns: ['<rootDir>/(out|bundle|dist)/'],
  // Killed at every point, again and again: these take a minute, and run with test:host.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/(apiserver|host|(lab|e2e)/stories)/',
    '/kill(-at)?\\.test\\.ts$',
  ],
};
