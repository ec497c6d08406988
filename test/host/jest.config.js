// On machines with a real systemd: run.ts prepares what they are made of.
import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/host/*.test.ts', '<rootDir>/test/steps/**/kill{,-at}.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 400_000,
};
