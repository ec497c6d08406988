// In a running cluster: run.ts starts one, sets REFIT_E2E_FOLDER, and runs one story after the other.
import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/e2e/stories/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Of all that a story waits for, each has a shorter time of its own.
  testTimeout: 2_400_000,
};
