// In a running lab: run.ts starts one, sets REFIT_LAB_FOLDER, and runs one part of the stories after the other.
import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/lab/stories/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // Of all that a story waits for, each has a shorter time of its own; the longest is that for its turn.
  testTimeout: 1_800_000,
};
